import { readWebSection } from '../../config/read.ts';
import { readFileText, UnreadableFileError } from '../../config/reading/problem.ts';
import { type ListenAddress, parseListenAddress } from '../../config/reading/texts.ts';
import { isRequired, readWebConfig } from '../../http/security/web-config.ts';
import type { Clock } from '../../lib/clock.ts';
import { readDaemonFlags } from '../daemon-flags.ts';
import { type FlagValues, UsageError } from '../flags.ts';
import { checkHealth, type HealthTarget } from './check-health.ts';

export interface HealthcheckOptions {
  readonly values: FlagValues;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/**
 * Checks the health of a running exporter and prints the response. Its address is from flags, variables, or the `web` section of
 * the configuration file, in this order. Returns the exit code: 0 if it is healthy, otherwise 1.
 *
 * @throws UsageError if they have no address
 */
export async function runHealthcheckCommand({
  values,
  env,
  clock,
  stdout,
  stderr,
}: HealthcheckOptions): Promise<number> {
  const flags = readDaemonFlags(values);
  const address = await findAddress(flags, env);
  let tls: HealthTarget['tls'];
  try {
    tls = await findTls(flags.webConfigFile);
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) {
      throw error;
    }
    stderr.write(`nfm-exporter: ${error.message}\n`);
    return 1;
  }
  const path = `${flags.routePrefix}/-/${values.on('ready') ? 'ready' : 'healthy'}`;
  const { healthy, message } = await checkHealth({ address, tls, path, clock });
  if (healthy) {
    stdout.write(`${message}\n`);
    return 0;
  }
  stderr.write(`nfm-exporter: ${message}\n`);
  return 1;
}

type Flags = ReturnType<typeof readDaemonFlags>;

/** The first address that the exporter listens on, as a client on the same machine reaches it. */
async function findAddress(flags: Flags, env: NodeJS.ProcessEnv): Promise<HealthTarget['address']> {
  if (flags.listenAddresses === undefined && flags.systemdSocket) {
    throw new UsageError(
      '--web.systemd-socket: the address is in the socket unit. Use --web.listen-address=ADDRESS instead',
    );
  }
  const [text = ''] = flags.listenAddresses ?? (await readListenAddresses(flags.configFile, env));
  const address = parseListenAddress(text);
  if (address === undefined || address.port === 0) {
    throw new UsageError(`--web.listen-address: got ${JSON.stringify(text)}, expected a port other than 0`);
  }
  return { host: reachable(address), port: address.port };
}

function reachable({ host = '0.0.0.0' }: ListenAddress): string {
  return { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
}

/** The defaults if there is no such file: then the exporter was started without it, as in the demo. */
async function readListenAddresses(file: string | undefined, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  let text = '';
  try {
    text = file === undefined ? '' : await readFileText(file);
  } catch (error) {
    if (!(error instanceof UnreadableFileError && error.code === 'ENOENT')) {
      throw error;
    }
  }
  return (await readWebSection(text, { file: file ?? '', env })).listenAddresses;
}

/**
 * Errors of the web configuration do not matter here: a running exporter keeps its last valid one.
 *
 * @throws {UnreadableFileError}
 */
async function findTls(file: string | undefined): Promise<HealthTarget['tls']> {
  if (file === undefined) {
    return undefined;
  }
  const { tls } = readWebConfig(await readFileText(file), file).config;
  return tls && { clientCertificateRequired: isRequired(tls.clientAuth) };
}
