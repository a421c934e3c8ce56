import { dirname, resolve } from 'node:path';
import { type ConfigNode, keyPath, showNodeAt } from '../../config/reading/nodes.ts';
import type { Problem } from '../../config/reading/problem.ts';
import { Reading } from '../../config/reading/reading.ts';
import { checkKeys, readSection, type Section } from '../../config/reading/section.ts';
import { parseYaml } from '../../config/reading/yaml.ts';
import { type ClientAuthType, HEADERS, HTTP, passwordHash, TLS, type TlsKeys } from './web-config-schema.ts';

/** A web configuration in exporter-toolkit's format, before the files that it names are read. */
export interface WebConfigText {
  /** Undefined: HTTP without TLS. */
  readonly tls: TlsSettings | undefined;
  /** Headers of all responses; an empty value removes the header. */
  readonly headers: Readonly<Record<string, string>>;
  /** bcrypt hashes by user name; empty: authentication is disabled. */
  readonly users: ReadonlyMap<string, string>;
}

export interface TlsSettings {
  /** The keys as written, with the names of OpenSSL. */
  readonly values: TlsKeys;
  /** As the key, undefined only if a problem was reported. */
  readonly cert: PemSource | undefined;
  readonly key: PemSource | undefined;
  readonly clientCa: PemSource | undefined;
}

/** Source of PEM text: the configuration itself, or a file with an absolute path. */
export type PemSource = { readonly path: string; readonly node: ConfigNode } & (
  | { readonly text: string }
  | { readonly file: string }
);

const ROOT_KEYS = ['tls_server_config', 'http_server_config', 'basic_auth_users'];

/**
 * Reads and checks the text of a web configuration, which is valid only if there are no problems. Unlike the exporter's own
 * configuration, it has no variables. Never throws because of the text. Names of files are relative to the directory of `file`.
 */
export function readWebConfig(
  text: string,
  file: string,
): { readonly config: WebConfigText; readonly problems: readonly Problem[] } {
  const reading = new Reading(undefined);
  const { root, problems } = parseYaml(text, file);
  reading.takeProblems(problems);
  const top = reading.map(file, root, `a mapping with the keys ${ROOT_KEYS.join(', ')}`);
  checkKeys(top, '', ROOT_KEYS, reading);
  const config: WebConfigText = {
    tls: readTls(top.entries.get('tls_server_config')?.value, dirname(file), reading),
    headers: readHeaders(top.entries.get('http_server_config')?.value, reading),
    users: readUsers(top.entries.get('basic_auth_users')?.value, reading),
  };
  return { config, problems: reading.problems };
}

const MAPPING = 'a mapping of keys to values';

function readTls(node: ConfigNode | undefined, directory: string, reading: Reading): TlsSettings | undefined {
  const path = 'tls_server_config';
  const map = reading.map(path, node, MAPPING);
  if (map.entries.size === 0) {
    return undefined;
  }
  const section = readSection(map, path, TLS, reading);
  const source = (name: 'cert' | 'key' | 'client_ca') => readSource(section, name, directory, reading);
  const [cert, key, clientCa] = [source('cert'), source('key'), source('client_ca')];
  for (const name of ['cert', 'key'] as const) {
    if (section.written(name) === undefined && section.written(`${name}_file`) === undefined) {
      reading.report(keyPath(path, name), map.line, 'nothing', `${name}_file or ${name}`);
    }
  }
  const maximum = section.written('max_version');
  if (maximum !== undefined && section.values.min_version > section.values.max_version) {
    reading.reject('tls_server_config.max_version', maximum, 'a version not below min_version');
  }
  checkClientAuth(section, clientCa, reading);
  return { values: section.values, cert, key, clientCa };
}

function readSource(
  section: Section<TlsKeys>,
  name: 'cert' | 'key' | 'client_ca',
  directory: string,
  reading: Reading,
): PemSource | undefined {
  const fileKey = `${name}_file` as const;
  const [node, fileNode] = [section.written(name), section.written(fileKey)];
  const [text, file] = [section.values[name], section.values[fileKey]];
  const path = keyPath('tls_server_config', name);
  if (node !== undefined && fileNode !== undefined) {
    reading.report(path, node.line, showNodeAt(path, node), `either ${name} or ${fileKey}, not both`);
  } else if (node !== undefined && text !== undefined) {
    return { path, node, text };
  } else if (fileNode !== undefined && file !== undefined) {
    return { path: keyPath('tls_server_config', fileKey), node: fileNode, file: resolve(directory, file) };
  }
  return undefined;
}

function checkClientAuth(section: Section<TlsKeys>, clientCa: PemSource | undefined, reading: Reading): void {
  const policy = section.values.client_auth_type;
  const node = section.written('client_auth_type');
  if (section.faulty('client_auth_type') || section.faulty('client_ca') || section.faulty('client_ca_file')) {
    return;
  }
  if (clientCa !== undefined && policy === 'NoClientCert') {
    const expected = 'client_ca only together with a client_auth_type other than NoClientCert';
    reading.reject(clientCa.path, clientCa.node, expected);
  }
  // Go would accept any certificate signed by a public authority.
  if (clientCa === undefined && node !== undefined && isVerified(policy)) {
    reading.reject('tls_server_config.client_auth_type', node, 'client_ca_file or client_ca together with it');
  }
  const sans = section.written('client_allowed_sans');
  if (sans !== undefined && section.values.client_allowed_sans.length > 0 && !isRequired(policy)) {
    const expected = 'RequireAndVerifyClientCert or RequireAnyClientCert as client_auth_type';
    reading.reject('tls_server_config.client_allowed_sans', sans, expected);
  }
}

/** Returns whether a client certificate, if present, must be signed by one of the authorities. */
export function isVerified(policy: ClientAuthType): boolean {
  return policy === 'VerifyClientCertIfGiven' || policy === 'RequireAndVerifyClientCert';
}

/** Returns whether a connection without a client certificate is ended. */
export function isRequired(policy: ClientAuthType): boolean {
  return !['NoClientCert', 'RequestClientCert', 'VerifyClientCertIfGiven'].includes(policy);
}

function readHeaders(node: ConfigNode | undefined, reading: Reading): Readonly<Record<string, string>> {
  const map = reading.map('http_server_config', node, MAPPING);
  readSection(map, 'http_server_config', HTTP, reading, ['headers']);
  const path = 'http_server_config.headers';
  const section = readSection(reading.map(path, map.entries.get('headers')?.value, MAPPING), path, HEADERS, reading);
  const headers = Object.entries(section.values).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries(headers);
}

function readUsers(node: ConfigNode | undefined, reading: Reading): ReadonlyMap<string, string> {
  const path = 'basic_auth_users';
  const users = new Map<string, string>();
  for (const [name, { keyLine, value }] of reading.map(path, node, 'a mapping of user names to hashes').entries) {
    const userPath = keyPath(path, name);
    const hash = value.kind === 'scalar' ? value.value : undefined;
    if (name === '' || name.includes(':')) {
      reading.report(userPath, keyLine, 'a user name that clients cannot send', 'a name without ":"');
    } else if (passwordHash.mismatches(hash).length > 0) {
      reading.reject(userPath, value, passwordHash.expected);
    } else {
      users.set(name, passwordHash.parse(hash));
    }
  }
  return users;
}
