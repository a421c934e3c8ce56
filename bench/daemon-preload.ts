/** Loaded into the daemon before its own code (`node --import`), to tell the bench what cannot be seen from outside. */
import { EventLoopBlock } from './event-loop-block.ts';
import { answerParent } from './rpc.ts';

const block = new EventLoopBlock();

const functions = {
  startBlock: () => block.start(),
  /** The longest block of the event loop since `startBlock`, in milliseconds. */
  stopBlock: () => block.stop(),
};

export type DaemonFunctions = typeof functions;

answerParent(functions, () => process.kill(process.pid, 'SIGTERM'));
// The daemon ends when its own work has ended.
process.channel?.unref();
