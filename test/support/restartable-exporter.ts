import { writeFileSync } from 'node:fs';
import type { QueryAnswer, TestScope } from './daemon.ts';
import { type Command, startCommand } from './process.ts';

/** The built exporter as a child process that can be stopped, and started again on the same address. */
export class RestartableExporter {
  /** Host and port, which are Prometheus' `instance`. Known after the first start, and the same for all later ones. */
  instance: string;
  readonly #scope: TestScope;
  readonly #configFile: string;
  #process: Command | undefined;

  /** `host` is a loopback address that no other test uses, so that the port stays free between two starts. */
  constructor(scope: TestScope, host: string, configFile: string) {
    this.#scope = scope;
    this.instance = `${host}:0`;
    this.#configFile = configFile;
  }

  /** Configuration for the next start or reload. */
  configure(config: Readonly<Record<string, unknown>>): void {
    writeFileSync(this.#configFile, JSON.stringify(config));
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const args = [`--config.file=${this.#configFile}`, `--web.listen-address=${this.instance}`];
    this.#process = startCommand(this.#scope, args);
    this.instance = new URL(await this.#process.url()).host;
  }

  /** Resolves when it has exited. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.#process?.kill(signal);
    await this.#process?.ended;
  }

  /** Reloads for the first time since the start. */
  async reload(): Promise<void> {
    this.#process?.kill('SIGHUP');
    await this.#process?.event('configuration reloaded');
  }

  /** Start of the current status of a query, in milliseconds since the epoch. */
  async statusSince(query: string): Promise<number> {
    const answer = await fetch(`http://${this.instance}/api/v1/queries/${query}`);
    const { statusSince }: QueryAnswer = JSON.parse(await answer.text());
    return Date.parse(statusSince ?? '');
  }
}
