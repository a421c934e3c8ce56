import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import {
  ConfigError,
  createFileProblem,
  createProblem,
  decodeText,
  type Problem,
  readRegularFile,
  sortByLine,
  UnreadableFileError,
} from '../../config/reading/problem.ts';
import { reasonOf } from '../../lib/system-error.ts';
import { type PemSource, readWebConfig, type TlsSettings, type WebConfigText } from './web-config.ts';

/** A web configuration in exporter-toolkit's format, with the contents of the files that it names. */
export interface WebConfig extends Pick<WebConfigText, 'headers' | 'users'> {
  readonly tls: TlsConfig | undefined;
}

export interface TlsConfig extends Pick<TlsSettings, 'values'> {
  /** PEM. The key belongs to the certificate. */
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string | undefined;
}

/** The contents of a file, valid or not. */
export interface WebConfigSnapshot {
  /** Equal if the file and all files that it names are equal. */
  readonly contents: string;
  /** Validates the contents. @throws {ConfigError} with all errors */
  check(): WebConfig;
}

/** Reads a web configuration and its files. Validation is separate: reads are frequent, and the contents rarely change. */
export async function readWebConfigFile(file: string): Promise<WebConfigSnapshot> {
  let text: string;
  try {
    text = decodeText(await readRegularFile(file), file);
  } catch (error) {
    return {
      contents: String(error),
      check() {
        throw error;
      },
    };
  }
  const { config, problems } = readWebConfig(text, file);
  const { tls } = config;
  const [cert, key, clientCa] = await Promise.all([tls?.cert, tls?.key, tls?.clientCa].map(readPem));
  return {
    contents: JSON.stringify([text, cert?.text, key?.text, clientCa?.text]),
    check() {
      const found = tls === undefined ? problems : [...problems, ...checkPems(cert, key, clientCa)];
      if (found.length > 0) {
        throw new ConfigError(sortByLine(found), file);
      }
      const pems = { cert: cert?.text ?? '', key: key?.text ?? '', clientCa: clientCa?.text };
      return { ...config, tls: tls && { values: tls.values, ...pems } };
    },
  };
}

interface Pem {
  readonly source: PemSource;
  /** Undefined if the file cannot be read; `failure` is the reason. */
  readonly text?: string;
  readonly failure?: string;
}

async function readPem(source: PemSource | undefined): Promise<Pem | undefined> {
  if (source === undefined) {
    return undefined;
  }
  if ('text' in source) {
    return { source, text: source.text };
  }
  try {
    const bytes = await readRegularFile(source.file);
    return { source, text: Buffer.from(bytes).toString('latin1') };
  } catch (error) {
    return { source, failure: error instanceof UnreadableFileError ? error.reason : reasonOf(error) };
  }
}

/** Checks the texts, and that the key belongs to the certificate. */
function checkPems(cert: Pem | undefined, key: Pem | undefined, clientCa: Pem | undefined): Problem[] {
  const problems: Problem[] = [];
  const parse = <T>(pem: Pem | undefined, expected: string, parser: (text: string) => T): T | undefined => {
    if (pem === undefined) {
      return undefined;
    }
    try {
      // Without a text, its parser throws as well.
      return parser(pem.text ?? '');
    } catch {
      problems.push(problemOf(pem, expected));
      return undefined;
    }
  };
  const [leaf] = parse(cert, 'one or more PEM certificates', certificatesOf) ?? [];
  const privateKey = parse(key, 'a PEM private key that is not encrypted', (text): KeyObject => createPrivateKey(text));
  parse(clientCa, 'one or more PEM certificates', certificatesOf);
  if (key !== undefined && leaf !== undefined && privateKey !== undefined && !leaf.checkPrivateKey(privateKey)) {
    problems.push(problemOf(key, 'the key of the certificate'));
  }
  return problems;
}

function problemOf({ source, failure }: Pem, expected: string): Problem {
  const { path, node } = source;
  if ('file' in source && failure !== undefined) {
    return createFileProblem(source.file, failure, { path, line: node.line });
  }
  const origin = 'file' in source ? JSON.stringify(source.file) : 'a hidden value';
  return createProblem(path, node.line, origin, expected);
}

/** Throws if there is no certificate, or an unreadable one. */
function certificatesOf(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END [A-Z0-9 ]*CERTIFICATE-----/g);
  if (blocks === null) {
    throw new TypeError('no certificate');
  }
  return blocks.map((block) => new X509Certificate(block));
}
