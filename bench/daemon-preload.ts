/** Loaded into the daemon before its own code (`node --import`), to report internal values to the bench. */
import { CpuBlock } from './cpu-block.ts';
import { calibratedLoop } from './cpu-time.ts';
import { EventLoopBlock } from './event-loop-block.ts';
import { plant } from './planted.ts';
import { answerParent } from './rpc.ts';

const block = new EventLoopBlock();
const cpuBlock = new CpuBlock();
const systemNow = Date.now;

const functions = {
  startBlock: () => block.start(),
  /** The longest block of the event loop since `startBlock`, in milliseconds. */
  stopBlock: () => block.stop(),
  startCpuBlock: () => cpuBlock.start(),
  /** The longest block of the event loop since `startCpuBlock`, in milliseconds of CPU time. */
  stopCpuBlock: () => cpuBlock.stop(),
  calibratedLoop,
  plant,
  /**
   * Sets the wall clock ahead, as if the machine had slept: windows become due without waiting. Accepts
   * milliseconds since the Unix epoch. The monotonic clock and all timers are unaffected.
   */
  setWallClock(to: number): void {
    const ahead = to - systemNow();
    Date.now = () => systemNow() + ahead;
  },
};

export type DaemonFunctions = typeof functions;

answerParent(functions, () => process.kill(process.pid, 'SIGTERM'));
// The daemon ends when its own work has ended.
process.channel?.unref();
