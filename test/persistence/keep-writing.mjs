// Opens the storage in the given directory (as built), and changes notes until it is killed. Prints each write before and
// after: `begin KEY N`, `done KEY N`. N is the content of the note, or 0 if it is removed.
import { writeSync } from 'node:fs';
import { argv } from 'node:process';
import { systemClock } from '../../build/lib/clock.js';
import { Storage } from '../../build/persistence/storage/storage.js';

const [, , path = '', first = '1'] = argv;
const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet, always: quiet };
const storage = await Storage.open({ path, clock: systemClock, log });
const notes = storage.records({ directory: 'notes', holds: 'a note', read: (value) => value, keepTrying: false });
await notes.load();
let n = Number(first);

/** @param {string} key */
async function change(key) {
  for (;;) {
    n += 1;
    const mine = n % 4 === 0 ? 0 : n;
    writeSync(1, `begin ${key} ${mine}\n`);
    await (mine === 0 ? notes.delete(key) : notes.put(key, { n: mine, filler: 'x'.repeat(mine % 5_000) }));
    writeSync(1, `done ${key} ${mine}\n`);
  }
}

await Promise.all(['a', 'b', 'c', 'd', 'e'].map(change));
