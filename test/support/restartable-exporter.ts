import { writeFileSync } from 'node:fs';
import type { QueryAnswer, TestScope } from './daemon.ts';
import { type Command, startCommand } from './process.ts';

/** The built exporter as a child process that can be ended and started again where it listened before. */
export class RestartableExporter {
  /** What Prometheus has as `instance`: host and port. Known from the first start on, and the same after each. */
  instance: string;
  readonly #scope: TestScope;
  readonly #configFile: string;
  #process: Command | undefined;

  /** `host` is a loopback address that no other test listens on, so that nobody takes the port between two starts. */
  constructor(scope: TestScope, host: string, configFile: string) {
    this.#scope = scope;
    this.instance = `${host}:0`;
    this.#configFile = configFile;
  }

  /** What the next start or reload reads. */
  configure(config: Readonly<Record<string, unknown>>): void {
    writeFileSync(this.#configFile, JSON.stringify(config));
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const args = [`--config.file=${this.#configFile}`, `--web.listen-address=${this.instance}`];
    this.#process = startCommand(this.#scope, args);
    this.instance = new URL(await this.#process.url()).host;
  }

  /** Resolves when it has ended. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.#process?.kill(signal);
    await this.#process?.ended;
  }

  /** Reloads for the first time since its start. */
  async reload(): Promise<void> {
    this.#process?.kill('SIGHUP');
    await this.#process?.event('configuration reloaded');
  }

  /** When it first saw the query in the status it has, in milliseconds since the epoch. */
  async statusSince(query: string): Promise<number> {
    const answer = await fetch(`http://${this.instance}/api/v1/queries/${query}`);
    const { statusSince }: QueryAnswer = JSON.parse(await answer.text());
    return Date.parse(statusSince ?? '');
  }
}
