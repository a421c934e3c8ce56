import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { CAN_MOUNT } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

test.runIf(CAN_MOUNT)('polls regions whose names resolve while the resolver hangs for others', async () => {
  const script = [pathOf('../fixtures/dns/hanging-names.mjs'), pathOf('../../dist/main.js'), temporaryFolder()];
  const { stdout } = await promisify(execFile)('unshare', ['-m', '-n', process.execPath, ...script]);
  const { up, lastError } = JSON.parse(stdout);
  expect(up.sort()).toEqual(['ap-south-1', 'sa-east-1', 'us-east-1', 'us-east-2', 'us-west-1', 'us-west-2']);
  expect(lastError).toMatchObject({
    error: 'NetworkError',
    message: expect.stringMatching(/^DNS lookup failed: .*eu-west-1\.nfm\.test/),
  });
});
