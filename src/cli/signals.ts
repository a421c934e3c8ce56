import type { Logger } from '../runtime/log.ts';

export interface ProcessEvents {
  /** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once. */
  readonly ended: Promise<void>;
}

/** Takes over signals, warnings and errors that nothing else caught, so that the log is all that reaches stderr. */
export function handleProcessEvents(log: Logger): ProcessEvents {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.debug('warning of the runtime', { reason: warning.message }));
  process.on('uncaughtException', (error) => {
    log.error('unexpected error: please report it', { error: error.name, reason: error.message, stack: error.stack });
    process.exit(1);
  });
  // A log reader that has gone away must not take the exporter with it.
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', () => undefined);
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
  return { ended };
}
