import { cpuMs } from './cpu-time.ts';
import { EventLoopBlock } from './event-loop-block.ts';
import { type Planted, plant } from './planted.ts';
import { answerParent } from './rpc.ts';

/** A server of metrics whose queries change on demand. */
export interface PageServer {
  readonly port: number;
  /** Polls a number of queries, which get a new status. */
  change(count: number): void;
  /** Makes the page without HTTP. Resolves when its bytes are there. */
  render(gzip: boolean): Promise<unknown>;
}

/** Commands of the bench for a process that serves a page. */
export interface PageFunctions {
  [name: string]: (argument: never) => unknown;
  /** Serves a page with a number of queries; returns its port on loopback. */
  start(queries: number): Promise<number>;
  change(count: number): void;
  /** Makes the page without HTTP and returns how many milliseconds that took. */
  render(gzip: boolean): Promise<number>;
  startBlock(): Promise<void>;
  /** The longest block of the event loop since `startBlock`, in milliseconds. */
  stopBlock(): Promise<number>;
  /** CPU time of the process so far, in milliseconds. */
  cpu(): number;
  plant(planted: Planted): void;
}

/** Lets the bench drive what `create` makes. */
export function driveByParent(create: (queries: number) => Promise<PageServer>): void {
  const block = new EventLoopBlock();
  let page: PageServer | undefined;
  const started = () => {
    if (page === undefined) {
      throw new Error('the page is not served yet');
    }
    return page;
  };
  const functions: PageFunctions = {
    async start(queries) {
      page = await create(queries);
      return page.port;
    },
    change: (count) => started().change(count),
    async render(gzip) {
      const begin = performance.now();
      await started().render(gzip);
      return performance.now() - begin;
    },
    startBlock: () => block.start(),
    stopBlock: () => block.stop(),
    cpu: cpuMs,
    plant,
  };
  answerParent(functions, () => process.exit());
}
