import type { Account, Role } from './account.ts';
import { type Answer, retryAfterHeader } from './answer.ts';
import { type CredentialStore, identifier, type KnownCredentials } from './credentials.ts';
import { globTest } from './glob.ts';
import { ServiceError } from './service-error.ts';

/** The operations of the Security Token Service that are simulated. */
export const STS_OPERATIONS = ['GetCallerIdentity', 'AssumeRole', 'AssumeRoleWithWebIdentity'] as const;
export type StsOperation = (typeof STS_OPERATIONS)[number];

export interface StsOptions {
  seed: string;
  accounts: readonly Account[];
  credentials: CredentialStore;
}

export interface StsRequest {
  operation: StsOperation;
  /** The form that the body held. */
  form: URLSearchParams;
  /** Who calls: `undefined` when no known credentials signed, which is well where none are checked. */
  caller: KnownCredentials | undefined;
  /** The account of a caller that is not known. */
  defaultAccount: string;
  /** Milliseconds since the Unix epoch. */
  now: number;
}

/** Nested elements in their order: a text, or elements within. */
interface Elements {
  readonly [name: string]: string | Elements;
}

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';
const ROLE_ARN = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:[\w+=,.@/-]*\/)?([\w+=,.@-]{1,64})$/;

/** Gives the answer to an STS request, or throws a ServiceError with a name of STS. */
export function createSts(options: StsOptions): (request: StsRequest, requestId: string) => Answer {
  return (request, requestId) => xmlAnswer(request.operation, resultOf(options, request), requestId);
}

function resultOf(options: StsOptions, request: StsRequest): Elements {
  switch (request.operation) {
    case 'GetCallerIdentity': {
      const { arn, userId, account } = callerOf(options, request);
      return { Arn: arn, UserId: userId, Account: account };
    }
    case 'AssumeRole':
      return assumeRole(options, request);
    case 'AssumeRoleWithWebIdentity':
      return assumeRoleWithWebIdentity(options, request);
  }
}

function callerOf({ seed }: StsOptions, { caller, defaultAccount }: StsRequest) {
  return (
    caller ?? {
      account: defaultAccount,
      arn: `arn:aws:iam::${defaultAccount}:user/simulator`,
      userId: identifier('AIDA', `${seed}/user/${defaultAccount}/simulator`),
    }
  );
}

function assumeRole(options: StsOptions, request: StsRequest): Elements {
  const { form } = request;
  const wanted = wantedRole(options, form);
  const externalId = form.get('ExternalId') ?? undefined;
  if (externalId !== undefined && !/^[\w+=,.@:/-]{2,1224}$/.test(externalId)) {
    throw validationError('externalId', 'satisfy regular expression pattern: [\\w+=,.@:\\/-]*, 2 to 1224 long');
  }
  const tags = sessionTags(form);
  const caller = callerOf(options, request);
  if (!admits(wanted.role, caller, externalId, tags)) {
    throw new ServiceError(
      'AccessDenied',
      403,
      `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${wanted.arn}`,
    );
  }
  return sessionOf(options, request, wanted);
}

function admits(
  role: Role | undefined,
  caller: { account: string; arn: string },
  externalId: string | undefined,
  tags: ReadonlyMap<string, string>,
): boolean {
  if (!role) {
    return true;
  }
  const trusted = role.trusted?.map(globTest) ?? [];
  return (
    (role.trusted === undefined || trusted.some((fits) => fits(caller.account) || fits(caller.arn))) &&
    (role.externalId === undefined || role.externalId === externalId) &&
    [...role.requiredTags].every(([key, value]) => tags.get(key) === value)
  );
}

function assumeRoleWithWebIdentity(options: StsOptions, request: StsRequest): Elements {
  const wanted = wantedRole(options, request.form);
  const token = request.form.get('WebIdentityToken') ?? '';
  if (token.length < 4 || token.length > 20_000) {
    throw validationError('webIdentityToken', 'have length from 4 to 20000');
  }
  const { role } = wanted;
  if (role?.webIdentityTokens !== undefined && !role.webIdentityTokens.includes(token)) {
    throw new ServiceError(
      'InvalidIdentityToken',
      400,
      'No OpenIDConnect provider found in your account for the token.',
    );
  }
  return {
    ...sessionOf(options, request, wanted),
    SubjectFromWebIdentityToken: 'system:serviceaccount:monitoring:nfm-exporter',
    Provider: 'oidc.eks.simulator',
    Audience: 'sts.amazonaws.com',
  };
}

interface WantedRole {
  arn: string;
  partition: string;
  account: string;
  name: string;
  sessionName: string;
  /** Absent where the scenario names no roles at all: then any role can be assumed. */
  role?: Role;
}

function wantedRole({ accounts }: StsOptions, form: URLSearchParams): WantedRole {
  const arn = form.get('RoleArn') ?? '';
  const [, partition, account, name] = ROLE_ARN.exec(arn) ?? [];
  if (!partition || !account || !name) {
    throw validationError('roleArn', 'be the ARN of a role');
  }
  const sessionName = form.get('RoleSessionName') ?? '';
  if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) {
    throw validationError('roleSessionName', 'satisfy regular expression pattern: [\\w+=,.@-]*, 2 to 64 long');
  }
  const wanted = { arn, partition, account, name, sessionName };
  if (accounts.every(({ roles }) => roles.length === 0)) {
    return wanted;
  }
  const role = accounts.find(({ id }) => id === account)?.roles.find((known) => known.name === name);
  if (!role) {
    throw new ServiceError('AccessDenied', 403, `Not authorized to perform sts:AssumeRole on resource: ${arn}`);
  }
  return { ...wanted, role };
}

function sessionOf({ credentials }: StsOptions, { form, now }: StsRequest, wanted: WantedRole): Elements {
  const seconds = form.get('DurationSeconds') ?? '3600';
  if (!/^\d{1,6}$/.test(seconds) || Number(seconds) < 900 || Number(seconds) > 43_200) {
    throw validationError('durationSeconds', 'have value from 900 to 43200');
  }
  const { account, partition, name, sessionName, role } = wanted;
  const lifetime = role?.sessionDuration ?? Number(seconds) * 1000;
  const issued = credentials.issue({ account, partition, roleName: name, sessionName, lifetime }, now);
  return {
    AssumedRoleUser: { AssumedRoleId: issued.userId, Arn: issued.arn },
    Credentials: {
      AccessKeyId: issued.accessKeyId,
      SecretAccessKey: issued.secretAccessKey,
      SessionToken: issued.sessionToken,
      Expiration: new Date(issued.expiresAt).toISOString(),
    },
  };
}

function sessionTags(form: URLSearchParams): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (let n = 1; form.has(`Tags.member.${n}.Key`); n++) {
    const key = form.get(`Tags.member.${n}.Key`) ?? '';
    const value = form.get(`Tags.member.${n}.Value`);
    if (key === '' || key.length > 128 || value === null || value.length > 256 || n > 50) {
      throw validationError('tags', 'be at most 50 pairs of a key of 1 to 128 and a value of at most 256 characters');
    }
    tags.set(key, value);
  }
  return tags;
}

function validationError(member: string, constraint: string): ServiceError {
  return new ServiceError(
    'ValidationError',
    400,
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must ${constraint}`,
  );
}

function xmlAnswer(operation: StsOperation, result: Elements, requestId: string): Answer {
  const content = { [`${operation}Result`]: result, ResponseMetadata: { RequestId: requestId } };
  return {
    status: 200,
    headers: { 'content-type': 'text/xml', 'x-amzn-RequestId': requestId },
    body: `<${operation}Response xmlns="${NAMESPACE}">${xml(content)}</${operation}Response>\n`,
  };
}

/** An error of the query protocol. */
export function xmlErrorAnswer(error: ServiceError, requestId: string): Answer {
  const content = {
    Error: { Type: error.status < 500 ? 'Sender' : 'Receiver', Code: error.code, Message: error.message },
    RequestId: requestId,
  };
  return {
    status: error.status,
    headers: { 'content-type': 'text/xml', 'x-amzn-RequestId': requestId, ...retryAfterHeader(error) },
    body: `<ErrorResponse xmlns="${NAMESPACE}">${xml(content)}</ErrorResponse>\n`,
    error: error.code,
  };
}

function xml(elements: Elements): string {
  return Object.entries(elements)
    .map(([name, value]) => `<${name}>${typeof value === 'string' ? escapeXml(value) : xml(value)}</${name}>`)
    .join('');
}

function escapeXml(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
