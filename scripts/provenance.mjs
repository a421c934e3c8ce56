// Makes and verifies provenance of files: an in-toto statement with SLSA's predicate (version 1), in a DSSE envelope that is
// signed with an ECDSA key on the curve P-256.
//
//   node scripts/provenance.mjs predicate                                        prints the predicate alone, for cosign
//   node scripts/provenance.mjs make --key=PRIVATE.pem --out=ENVELOPE FILE …
//   node scripts/provenance.mjs verify --key=PUBLIC.pem --envelope=ENVELOPE FILE …
//
// The predicate names the builder by $BUILDER_ID and the run by $INVOCATION_ID. Exit codes: 1 if a file or an envelope is
// rejected, 2 for an error of usage.

import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** @typedef {{ name: string, digest: { sha256: string } }} Subject */
/** @typedef {{ payloadType: string, payload: string, signatures: { keyid: string, sig: string }[] }} Envelope base64 for bytes */

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
const PREDICATE_TYPE = 'https://slsa.dev/provenance/v1';

/** Rejects a file, an envelope, or a key. */
class Rejection extends Error {}

/** @param {boolean} condition @param {string} reason @returns {asserts condition} */
function require(condition, reason) {
  if (!condition) {
    throw new Rejection(reason);
  }
}

/** @param {Uint8Array} bytes */
function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The bytes that DSSE signs: its pre-authentication encoding. @param {string} type @param {Buffer} payload */
function encodedForSignature(type, payload) {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload]);
}

/** @param {import('node:crypto').KeyObject} key public */
function keyId(key) {
  return sha256(key.export({ type: 'spki', format: 'der' }));
}

/** @param {import('node:crypto').KeyObject} key */
function requireCurve(key) {
  require(key.asymmetricKeyDetails?.namedCurve === 'prime256v1', 'the key is not an ECDSA key on the curve P-256');
}

/** SLSA's description of how the commit that is checked out is built. */
function predicate() {
  const { homepage, version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: PROJECT, encoding: 'utf8' }).trim();
  const { BUILDER_ID: builder = 'urn:local', INVOCATION_ID: invocation } = process.env;
  return {
    buildDefinition: {
      buildType: `${homepage}/blob/main/docs/releases.md#build-type`,
      externalParameters: { repository: homepage, version },
      resolvedDependencies: [
        { uri: `git+${homepage}`, digest: { gitCommit: commit } },
        { name: 'package-lock.json', digest: { sha256: sha256(readFileSync(join(PROJECT, 'package-lock.json'))) } },
      ],
    },
    runDetails: {
      builder: { id: builder, version: { node: process.versions.node } },
      metadata: { invocationId: invocation, finishedOn: new Date().toISOString() },
    },
  };
}

/** @param {readonly string[]} files @returns {Subject[]} */
function subjectsOf(files) {
  return files.map((file) => ({ name: basename(file), digest: { sha256: sha256(readFileSync(file)) } }));
}

/** @param {readonly string[]} files @param {string} keyFile @returns {Envelope} */
function makeEnvelope(files, keyFile) {
  const key = createPrivateKey(readFileSync(keyFile));
  requireCurve(key);
  const statement = {
    _type: STATEMENT_TYPE,
    subject: subjectsOf(files),
    predicateType: PREDICATE_TYPE,
    predicate: predicate(),
  };
  const payload = Buffer.from(JSON.stringify(statement));
  const sig = sign('sha256', encodedForSignature(PAYLOAD_TYPE, payload), key).toString('base64');
  return {
    payloadType: PAYLOAD_TYPE,
    payload: payload.toString('base64'),
    signatures: [{ keyid: keyId(createPublicKey(key)), sig }],
  };
}

/** @param {string} file @returns {Envelope} with all fields of the right types */
function readEnvelope(file) {
  try {
    const { payloadType, payload, signatures } = JSON.parse(readFileSync(file, 'utf8'));
    const texts = [
      payloadType,
      payload,
      ...signatures.flatMap((/** @type {Envelope['signatures'][number]} */ { keyid, sig }) => [keyid, sig]),
    ];
    if (texts.every((text) => typeof text === 'string')) {
      return { payloadType, payload, signatures };
    }
  } catch {
    // Not JSON, or without a list of signatures: the same error.
  }
  throw new Rejection('the envelope is not a DSSE envelope');
}

/**
 * @param {readonly string[]} files
 * @param {string} keyFile of the public key
 * @param {string} envelopeFile
 * @returns {string} the commit that the files were built from
 * @throws {Rejection} if the envelope is not signed with the key, or does not describe one of the files
 */
function verifyFiles(files, keyFile, envelopeFile) {
  const key = createPublicKey(readFileSync(keyFile));
  requireCurve(key);
  const envelope = readEnvelope(envelopeFile);
  const payload = Buffer.from(envelope.payload, 'base64');
  const signed = encodedForSignature(envelope.payloadType, payload);
  // A key id is a hint only: the signature decides.
  const valid = envelope.signatures.some(({ sig }) => verify('sha256', signed, key, Buffer.from(sig, 'base64')));
  require(valid, 'the envelope has no valid signature of this key');
  require(envelope.payloadType === PAYLOAD_TYPE, `the payload is ${envelope.payloadType}, not ${PAYLOAD_TYPE}`);
  const statement = JSON.parse(payload.toString());
  require(statement._type === STATEMENT_TYPE, `the statement is ${statement._type}, not ${STATEMENT_TYPE}`);
  require(statement.predicateType ===
    PREDICATE_TYPE, `the predicate is ${statement.predicateType}, not ${PREDICATE_TYPE}`);
  for (const { name, digest } of subjectsOf(files)) {
    const subject = statement.subject.find((/** @type {Subject} */ each) => each.name === name);
    require(subject !== undefined, `${name} is not a subject of the statement`);
    require(subject.digest.sha256 === digest.sha256, `${name} has another SHA-256 hash than the statement`);
  }
  return statement.predicate.buildDefinition.resolvedDependencies[0].digest.gitCommit;
}

/** @param {string} problem @returns {never} */
function fail(problem) {
  process.stderr.write(`provenance: ${problem}\n`);
  process.exit(2);
}

const { values, positionals } = parseArgs({
  options: { key: { type: 'string' }, out: { type: 'string' }, envelope: { type: 'string' } },
  allowPositionals: true,
});
const [command, ...files] = positionals;
try {
  if (command === 'predicate' && files.length === 0) {
    process.stdout.write(`${JSON.stringify(predicate(), undefined, 2)}\n`);
  } else if (command === 'make' && values.key !== undefined && values.out !== undefined && files.length > 0) {
    writeFileSync(values.out, `${JSON.stringify(makeEnvelope(files, values.key))}\n`);
    process.stdout.write(`${values.out}: provenance of ${files.map((file) => basename(file)).join(', ')}\n`);
  } else if (command === 'verify' && values.key !== undefined && values.envelope !== undefined && files.length > 0) {
    const commit = verifyFiles(files, values.key, values.envelope);
    process.stdout.write(`verified: ${files.map((file) => basename(file)).join(', ')} of commit ${commit}\n`);
  } else {
    fail('expected predicate, make, or verify, with their options. See the comment in scripts/provenance.mjs.');
  }
} catch (error) {
  if (!(error instanceof Rejection)) {
    throw error;
  }
  process.stderr.write(`provenance: rejected: ${error.message}\n`);
  process.exitCode = 1;
}
