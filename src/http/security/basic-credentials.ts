export interface BasicCredentials {
  readonly user: string;
  readonly password: string;
}

/** Reads an `Authorization` header of the form of RFC 7617, in UTF-8. `undefined` for none, another scheme, or nonsense. */
export function parseBasicCredentials(header: string | undefined): BasicCredentials | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) {
    return undefined;
  }
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
