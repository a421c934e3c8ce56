import type { KnownCredentials, RoleSession } from './credentials.ts';
import { globTest } from './glob.ts';
import { identifier } from './random.ts';
import type { Elements } from './reply.ts';
import type { Role } from './schema.ts';
import { ServiceError } from './service-error.ts';
import type { Simulation } from './simulation.ts';

export const STS_OPERATIONS = ['GetCallerIdentity', 'AssumeRole', 'AssumeRoleWithWebIdentity'] as const;
export type StsOperation = (typeof STS_OPERATIONS)[number];

export interface StsRequest {
  operation: StsOperation;
  form: URLSearchParams;
  /** The caller; `undefined` if the credentials are unknown, which is allowed unless they are checked. */
  caller: KnownCredentials | undefined;
}

const ROLE_ARN = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:[\w+=,.@/-]*\/)?([\w+=,.@-]{1,64})$/;

/** Returns the result of an STS request. @throws ServiceError with an error name of STS */
export function stsResult(simulation: Simulation, request: StsRequest): Elements {
  switch (request.operation) {
    case 'GetCallerIdentity': {
      const { arn, userId, account } = callerOf(simulation, request);
      return { Arn: arn, UserId: userId, Account: account };
    }
    case 'AssumeRole':
      return assumeRole(simulation, request);
    case 'AssumeRoleWithWebIdentity':
      return assumeRoleWithWebIdentity(simulation, request);
  }
}

function callerOf({ seed, defaultAccount: account }: Simulation, { caller }: StsRequest) {
  const userId = identifier('AIDA', `${seed}/user/${account}/simulator`);
  return caller ?? { account, arn: `arn:aws:iam::${account}:user/simulator`, userId };
}

function assumeRole(simulation: Simulation, request: StsRequest): Elements {
  const { form } = request;
  const wanted = wantedRole(simulation, form);
  const externalId = form.get('ExternalId') ?? undefined;
  if (externalId !== undefined && !/^[\w+=,.@:/-]{2,1224}$/.test(externalId)) {
    throw validationError('externalId', 'satisfy regular expression pattern: [\\w+=,.@:\\/-]*, 2 to 1224 long');
  }
  const tags = sessionTags(form);
  const caller = callerOf(simulation, request);
  if (wanted.role && !admits(wanted.role, caller, externalId, tags)) {
    const message = `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${wanted.arn}`;
    throw new ServiceError('AccessDenied', 403, message);
  }
  return sessionOf(simulation, request, wanted);
}

function admits(
  role: Role,
  caller: { account: string; arn: string },
  externalId: string | undefined,
  tags: ReadonlyMap<string, string>,
): boolean {
  return (
    (role.trusted?.map(globTest).some((fits) => fits(caller.account) || fits(caller.arn)) ?? true) &&
    (role.externalId === undefined || role.externalId === externalId) &&
    [...role.requiredTags].every(([key, value]) => tags.get(key) === value)
  );
}

function assumeRoleWithWebIdentity(simulation: Simulation, request: StsRequest): Elements {
  const wanted = wantedRole(simulation, request.form);
  const token = request.form.get('WebIdentityToken') ?? '';
  if (token.length < 4 || token.length > 20_000) {
    throw validationError('webIdentityToken', 'have length from 4 to 20000');
  }
  const { role } = wanted;
  if (role?.webIdentityTokens !== undefined && !role.webIdentityTokens.includes(token)) {
    const message = 'No OpenIDConnect provider found in your account for the token.';
    throw new ServiceError('InvalidIdentityToken', 400, message);
  }
  return {
    ...sessionOf(simulation, request, wanted),
    SubjectFromWebIdentityToken: 'system:serviceaccount:monitoring:nfm-exporter',
    Provider: 'oidc.eks.simulator',
    Audience: 'sts.amazonaws.com',
  };
}

interface WantedRole extends RoleSession {
  arn: string;
  /** Undefined if the scenario has no roles: then any role can be assumed. */
  role?: Role;
}

function wantedRole({ accounts }: Simulation, form: URLSearchParams): WantedRole {
  const arn = form.get('RoleArn') ?? '';
  const [, partition, account, roleName] = ROLE_ARN.exec(arn) ?? [];
  if (!partition || !account || !roleName) {
    throw validationError('roleArn', 'be the ARN of a role');
  }
  const sessionName = form.get('RoleSessionName') ?? '';
  if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) {
    throw validationError('roleSessionName', 'satisfy regular expression pattern: [\\w+=,.@-]*, 2 to 64 long');
  }
  const wanted = { arn, partition, account, roleName, sessionName };
  if (accounts.every(({ roles }) => roles.length === 0)) {
    return wanted;
  }
  const role = accounts.find(({ id }) => id === account)?.roles.find((known) => known.name === roleName);
  if (!role) {
    throw new ServiceError('AccessDenied', 403, `Not authorized to perform sts:AssumeRole on resource: ${arn}`);
  }
  return { ...wanted, role };
}

function sessionOf({ credentials, now }: Simulation, { form }: StsRequest, wanted: WantedRole): Elements {
  const seconds = form.get('DurationSeconds') ?? '3600';
  if (!/^\d{1,6}$/.test(seconds) || Number(seconds) < 900 || Number(seconds) > 43_200) {
    throw validationError('durationSeconds', 'have value from 900 to 43200');
  }
  const lifetime = wanted.role?.sessionDuration ?? Number(seconds) * 1000;
  const issued = credentials.issue(wanted, lifetime, now().wall);
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
  const message = `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must ${constraint}`;
  return new ServiceError('ValidationError', 400, message);
}
