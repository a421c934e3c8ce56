#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { run } from './cli/run.ts';
import { exit, guardStandardStreams } from './cli/standard-streams.ts';
import { systemClock } from './runtime/clock.ts';

// Polling makes short-lived objects at a steady pace, and V8 by itself lets them pile up to several times what is in use
// before it collects them: this keeps the heap near to that. It is set before anything of size is allocated.
setFlagsFromString('--optimize-for-size');
guardStandardStreams();
await exit(await run(process.argv.slice(2)), systemClock);
