// Opens the storage in the given directory (as built), writes a note of a size in bytes, and prints the result.
import { argv, stdout } from 'node:process';
import { systemClock } from '../../build/lib/clock.js';
import { Storage } from '../../build/persistence/storage/storage.js';

const [, , path = '', bytes = '0'] = argv;
const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet, always: quiet };
const storage = await Storage.open({ path, clock: systemClock, log });
const notes = storage.records({ directory: 'notes', holds: 'a note', read: (value) => value, keepTrying: false });
const before = await notes.load();
const result = await notes.put('a', 'x'.repeat(Number(bytes))).then(
  () => 'written',
  (error) => `${error.name} ${error.code}`,
);
stdout.write(JSON.stringify({ before: [...before.keys()], result, writable: storage.writable }));
await storage.close();
