#!/usr/bin/env node
import { run } from './cli/run.ts';
import { exit, guardStandardStreams } from './cli/standard-streams.ts';
import { systemClock } from './lib/clock.ts';

guardStandardStreams();
await exit(await run(process.argv.slice(2)), systemClock);
