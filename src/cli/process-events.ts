import { Console } from 'node:console';
import { Writable } from 'node:stream';
import type { Logger } from '../lib/log.ts';
import { describeRefusal } from '../lib/system-error.ts';

export interface ProcessEvents {
  /** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once. */
  readonly ended: Promise<void>;
  /** Calls `listener` at each SIGHUP that reloads, and at once if one was received before. */
  readonly onHangup: (listener: () => void) => void;
  readonly logTo: (log: Logger) => void;
}

/** What to do about an error of the operating system. */
export const SYSTEM_HINT = 'Check that it exists, that this user has access, and that limits and disk space suffice.';

/**
 * Handles signals, warnings, uncaught errors, and console output of libraries, so that stderr receives log messages only.
 *
 * @param hangup the effect of SIGHUP: it `ends` the process, as usual, or `reloads` the configuration
 */
export function handleProcessEvents(firstLog: Logger, hangup: 'ends' | 'reloads'): ProcessEvents {
  let log = firstLog;
  process.on('warning', ({ name, message }) =>
    log.debug('runtime warning received', { warning: name, reason: message }),
  );
  // The AWS SDK, for one, writes warnings about unusual responses to the console.
  const lines = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      log.debug('library message received', { reason: text.trimEnd() });
      done();
    },
  });
  globalThis.console = new Console(lines);
  process.on('uncaughtException', (error) => {
    const refusal = describeRefusal(error);
    const { name, message, stack } = error;
    if (refusal === undefined) {
      log.error('unexpected error', { error: name, reason: message, stack, hint: 'please report this log message' });
    } else {
      log.error('stopped by system error', { reason: refusal, hint: SYSTEM_HINT });
    }
    process.exit(1);
  });
  const ended = new Promise<void>((resolve) => {
    let isEnding = false;
    const onSignal = () => {
      if (isEnding) {
        process.exit(0);
      }
      isEnding = true;
      resolve();
    };
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  });
  let hungUp = false;
  let onHangup = () => {
    hungUp = true;
  };
  if (hangup === 'reloads') {
    process.on('SIGHUP', () => onHangup());
  }
  return {
    ended,
    onHangup(listener) {
      onHangup = listener;
      if (hungUp) {
        listener();
      }
    },
    logTo(next) {
      log = next;
    },
  };
}
