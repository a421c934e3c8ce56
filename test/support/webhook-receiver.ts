import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestScope } from './daemon.ts';
import { listenOnLoopback } from './loopback-server.ts';

/** The used members of a notification of Alertmanager. */
export interface Notification {
  /** Time of arrival, in milliseconds since the epoch. */
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
  /** Time at which it started to fire. */
  readonly startsAt: string;
  /** Time at which it was resolved. */
  readonly endsAt: string;
}

/** A receiver of Alertmanager's webhooks, which records the notifications. */
export interface WebhookReceiver {
  readonly url: string;
  /** All notifications so far, in the order of arrival. */
  readonly notifications: readonly Notification[];
}

/** Starts a receiver on the loopback address. It ends with the scope. */
export async function startWebhookReceiver(scope: TestScope): Promise<WebhookReceiver> {
  const notifications: Notification[] = [];
  const server = createServer(async (request, response) => {
    const at = Date.now();
    const received: Omit<Notification, 'at'> = JSON.parse(await text(request));
    notifications.push({ ...received, at });
    response.end();
  });
  return { url: await listenOnLoopback(scope, server), notifications };
}
