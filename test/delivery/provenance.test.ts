import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { PROJECT, run } from '../support/project.ts';
import { temporaryFolderOfFile } from '../support/temporary-folder.ts';

const { homepage } = JSON.parse(readFileSync(`${PROJECT}package.json`, 'utf8'));

interface Envelope {
  payloadType: string;
  payload: string;
  signatures: { keyid: string; sig: string }[];
}

let folder: string;
let packed: string;
let envelopeFile: string;

/** Writes the two keys of a new pair as PEM files. */
function makeKey(name: string, namedCurve = 'P-256'): void {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  writeFileSync(join(folder, `${name}.pem`), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(join(folder, `${name}.pub.pem`), publicKey.export({ type: 'spki', format: 'pem' }));
}

function provenance(...args: string[]) {
  return run(process.execPath, ['scripts/provenance.mjs', ...args]);
}

function verifyWith({ key = 'throw-away', envelope = envelopeFile, file = packed } = {}) {
  return provenance('verify', `--key=${join(folder, `${key}.pub.pem`)}`, `--envelope=${envelope}`, file);
}

function readEnvelope(): Envelope {
  return JSON.parse(readFileSync(envelopeFile, 'utf8'));
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** Writes another envelope beside the one that was made. */
function writeEnvelope(content: unknown): string {
  const file = join(folder, 'changed.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
}

beforeAll(() => {
  folder = temporaryFolderOfFile();
  makeKey('throw-away');
  makeKey('other');
  const pack = run('npm', ['pack', '--json', '--ignore-scripts', '--offline', `--pack-destination=${folder}`]);
  packed = join(folder, JSON.parse(pack.stdout)[0].filename);
  envelopeFile = join(folder, 'provenance.intoto.json');
  const made = provenance('make', `--key=${join(folder, 'throw-away.pem')}`, `--out=${envelopeFile}`, packed);
  expect(made).toMatchObject({ status: 0, stderr: '' });
});

describe('provenance of the packed file', () => {
  test('is an in-toto statement with the predicate of SLSA, the hash of the file, and the commit', () => {
    const { payloadType, payload } = readEnvelope();
    expect(payloadType).toBe('application/vnd.in-toto+json');
    const commit = run('git', ['rev-parse', 'HEAD']).stdout.trim();
    expect(JSON.parse(Buffer.from(payload, 'base64').toString())).toEqual({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: basename(packed), digest: { sha256: sha256(packed) } }],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: {
        buildDefinition: {
          buildType: `${homepage}/blob/main/docs/releases.md#build-type`,
          externalParameters: { repository: homepage, version: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
          resolvedDependencies: [
            { uri: `git+${homepage}`, digest: { gitCommit: commit } },
            { name: 'package-lock.json', digest: { sha256: sha256(`${PROJECT}package-lock.json`) } },
          ],
        },
        runDetails: {
          builder: { id: 'urn:local', version: { node: process.versions.node } },
          metadata: { finishedOn: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) },
        },
      },
    });
  });

  test('is signed as DSSE defines it', () => {
    const { payload, signatures } = readEnvelope();
    const body = Buffer.from(payload, 'base64').toString();
    const signed = `DSSEv1 28 application/vnd.in-toto+json ${Buffer.byteLength(body)} ${body}`;
    const key = createPublicKey(readFileSync(join(folder, 'throw-away.pub.pem')));
    const [{ keyid, sig } = { keyid: '', sig: '' }, ...others] = signatures;
    expect(others).toEqual([]);
    expect(verify('sha256', Buffer.from(signed), key, Buffer.from(sig, 'base64'))).toBe(true);
    expect(keyid).toBe(
      createHash('sha256')
        .update(key.export({ type: 'spki', format: 'der' }))
        .digest('hex'),
    );
  });

  test('is verified with the public key', () => {
    const commit = run('git', ['rev-parse', 'HEAD']).stdout.trim();
    expect(verifyWith()).toEqual({
      status: 0,
      stdout: `verified: ${basename(packed)} of commit ${commit}\n`,
      stderr: '',
    });
  });

  test('names the builder and the run that the environment names', () => {
    const env = {
      ...process.env,
      BUILDER_ID: 'https://builder.test/1',
      INVOCATION_ID: 'https://builder.test/1/runs/2',
    };
    const { stdout } = run(process.execPath, ['scripts/provenance.mjs', 'predicate'], { env });
    expect(JSON.parse(stdout).runDetails).toMatchObject({
      builder: { id: 'https://builder.test/1' },
      metadata: { invocationId: 'https://builder.test/1/runs/2' },
    });
  });
});

describe('verification rejects', () => {
  function expectRejection(options: Parameters<typeof verifyWith>[0], reason: string): void {
    expect(verifyWith(options)).toEqual({ status: 1, stdout: '', stderr: `provenance: rejected: ${reason}\n` });
  }

  const UNSIGNED = 'the envelope has no valid signature of this key';

  /** Copies the packed file, under its name, to another directory. */
  function copyOfPacked(): string {
    const directory = join(folder, 'copy');
    mkdirSync(directory, { recursive: true });
    const file = join(directory, basename(packed));
    writeFileSync(file, readFileSync(packed));
    return file;
  }

  test('a file with one more byte', () => {
    const file = copyOfPacked();
    expect(verifyWith({ file }).status).toBe(0);
    appendFileSync(file, '\0');
    expectRejection({ file }, `${basename(packed)} has another SHA-256 hash than the statement`);
  });

  test('a file under another name', () => {
    const file = join(folder, 'copy', 'other.tgz');
    renameSync(copyOfPacked(), file);
    expectRejection({ file }, 'other.tgz is not a subject of the statement');
  });

  test('another key', () => {
    expectRejection({ key: 'other' }, UNSIGNED);
  });

  test('a key on another curve', () => {
    makeKey('p384', 'P-384');
    expectRejection({ key: 'p384' }, 'the key is not an ECDSA key on the curve P-256');
  });

  test('an envelope with a changed statement', () => {
    const { payload, ...rest } = readEnvelope();
    const changed = Buffer.from(payload, 'base64').toString().replace('urn:local', 'urn:other');
    const envelope = writeEnvelope({ ...rest, payload: Buffer.from(changed).toString('base64') });
    expectRejection({ envelope }, UNSIGNED);
  });

  test('an envelope with another type of payload', () => {
    expectRejection({ envelope: writeEnvelope({ ...readEnvelope(), payloadType: 'text/plain' }) }, UNSIGNED);
  });

  test('an envelope with a changed signature, or without one', () => {
    const { signatures, ...rest } = readEnvelope();
    const sig = Buffer.from(signatures[0]?.sig ?? '', 'base64');
    sig[sig.length - 1] = (sig.at(-1) ?? 0) ^ 1;
    for (const changed of [[{ keyid: signatures[0]?.keyid, sig: sig.toString('base64') }], []]) {
      expectRejection({ envelope: writeEnvelope({ ...rest, signatures: changed }) }, UNSIGNED);
    }
  });

  test.each([
    ['a list', []],
    ['no signatures', { payloadType: '', payload: '' }],
    ['a number as payload', { payloadType: '', payload: 1, signatures: [] }],
  ])('what is not an envelope: %s', (_, content) => {
    expectRejection({ envelope: writeEnvelope(content) }, 'the envelope is not a DSSE envelope');
  });
});
