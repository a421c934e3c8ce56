import { Console } from 'node:console';
import { Writable } from 'node:stream';
import type { Logger } from '../lib/log.ts';
import { describeRefusal } from '../lib/system-error.ts';

export interface ProcessEvents {
  /** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once. */
  readonly ended: Promise<void>;
  /** Calls `listener` at each SIGHUP that is to reload, and now if one has come before. */
  readonly onHangup: (listener: () => void) => void;
  /** Has what is told from now on go to another log. */
  readonly logTo: (log: Logger) => void;
}

/** What to do about what the machine refuses. */
export const SYSTEM_HINT = 'check that it exists, that this user may use it, and that limits and space suffice';

/**
 * Takes over signals, warnings, errors that nothing else caught and what libraries write to the console, so that log
 * events are all that reaches stderr.
 *
 * @param hangup what SIGHUP does: it `ends` the process, as usual, or `reloads` the configuration
 */
export function handleProcessEvents(firstLog: Logger, hangup: 'ends' | 'reloads'): ProcessEvents {
  let log = firstLog;
  process.on('warning', ({ name, message }) => log.debug('warning of the runtime', { warning: name, reason: message }));
  globalThis.console = consoleOf((text) => log.debug('message of a library', { reason: text }));
  process.on('uncaughtException', (error) => {
    const refusal = describeRefusal(error);
    if (refusal !== undefined) {
      log.error('stopped by the system', { reason: refusal, hint: SYSTEM_HINT });
      process.exit(1);
    }
    log.error('unexpected error: please report it', { error: error.name, reason: error.message, stack: error.stack });
    process.exit(1);
  });
  const ended = new Promise<void>((resolve) => {
    let signals = 0;
    const onSignal = () => {
      signals += 1;
      if (signals > 1) {
        process.exit(0);
      }
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
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

/** The AWS SDK, for one, warns on the console of answers that it finds odd. */
function consoleOf(tell: (text: string) => void): Console {
  const lines = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      tell(text.trimEnd());
      done();
    },
  });
  return new Console(lines);
}
