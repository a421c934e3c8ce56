import { subscribe } from 'node:diagnostics_channel';
import { cpuMs } from './cpu-time.ts';

/** A slowdown that the bench adds to a measured process, to prove that the gate detects it. */
export interface Planted {
  /** Requests that the process sends, or requests that it receives. */
  readonly to: 'sent' | 'received';
  /** CPU time per request, in milliseconds. */
  readonly ms: number;
}

/** Adds a busy loop to each HTTP request of this process. */
export function plant({ to, ms }: Planted): void {
  subscribe(to === 'sent' ? 'http.client.request.start' : 'http.server.request.start', () => {
    const end = cpuMs() + ms;
    while (cpuMs() < end) {
      // Uses CPU time only.
    }
  });
}
