import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestScope } from './daemon.ts';
import { listenOnLoopback } from './loopback-server.ts';

/** What Alertmanager tells a webhook, as far as it is read here. */
export interface Notification {
  /** When it came, in milliseconds since the epoch. */
  readonly at: number;
  readonly receiver: string;
  readonly status: 'firing' | 'resolved';
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly commonAnnotations: Readonly<Record<string, string>>;
  readonly alerts: readonly NotifiedAlert[];
}

export interface NotifiedAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** When Prometheus let it fire. */
  readonly startsAt: string;
  /** When Prometheus found that it was over, once it is resolved. */
  readonly endsAt: string;
}

/** The far end of Alertmanager's webhooks, which keeps what it is told. */
export interface WebhookReceiver {
  readonly url: string;
  /** All so far, in the order they came. */
  readonly notifications: readonly Notification[];
}

/** Starts a receiver on the loopback address. It ends with the scope. */
export async function startWebhookReceiver(scope: TestScope): Promise<WebhookReceiver> {
  const notifications: Notification[] = [];
  const server = createServer(async (request, response) => {
    const at = Date.now();
    const told: Omit<Notification, 'at'> = JSON.parse(await text(request));
    notifications.push({ ...told, at });
    response.end();
  });
  return { url: await listenOnLoopback(scope, server), notifications };
}
