// Replaces the address of the repository in all tracked text files: package metadata, labels of the image and the chart, runbooks
// of the alerts, the security policy, issue forms, and tests. The present address is `homepage` in package.json.
//
//   npm run set-address -- URL    for example, https://forge.example.org/network/nfm-exporter

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { trackedFiles } from './tracked-files.mjs';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/**
 * The problem of an address, as text for an error.
 *
 * @param {string | undefined} address
 * @returns {string | undefined} undefined if it is usable
 */
function problemOf(address) {
  if (address === undefined || !URL.canParse(address)) {
    return 'expected an absolute URL';
  }
  const { protocol, username, search, hash, href } = new URL(address);
  if (protocol !== 'https:' || username !== '' || search !== '' || hash !== '') {
    return 'expected https:// without credentials, query, and fragment';
  }
  // The address is part of sed commands, YAML, and Markdown links.
  return /^[\w:/.~-]*[^/]$/.test(address) && href.replace(/\/$/, '') === address
    ? undefined
    : 'expected lower case for the host, no slash at the end, and only letters, digits, and -._~ in the path';
}

const [address, ...rest] = process.argv.slice(2);
const problem = rest.length > 0 ? 'expected one URL' : problemOf(address);
if (problem !== undefined) {
  process.stderr.write(`set-address: got ${address ?? 'nothing'}, ${problem}. Usage: npm run set-address -- URL\n`);
  process.exit(2);
}
const { homepage } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
// Not the start of a longer name, such as that of a packed file.
const present = new RegExp(`${homepage.replaceAll('.', '\\.')}(?![\\w~-])`, 'g');
for (const path of trackedFiles(PROJECT)) {
  const bytes = readFileSync(join(PROJECT, path));
  const count = bytes.includes(0) ? 0 : (bytes.toString().match(present)?.length ?? 0);
  if (count > 0) {
    writeFileSync(
      join(PROJECT, path),
      bytes.toString().replace(present, () => address ?? ''),
    );
    process.stdout.write(`${path}: ${count}\n`);
  }
}
