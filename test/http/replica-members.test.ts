import request from 'supertest';
import { expect, it } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import type { ReplicasView } from '../../src/http/app-options.ts';
import { appOptions, queryView, REPLICAS_VIEW } from './fixtures.ts';
import { textOf } from './html-text.ts';

/** Returns the section of replicas; undefined if the page has none. */
async function sectionOf(view: ReplicasView | undefined): Promise<string | undefined> {
  const replicas = view && { view: () => view, standby: () => undefined };
  const { text } = await request(createApp(appOptions([queryView()], { replicas })))
    .get('/')
    .expect(200);
  return /<details class="health" id="replicas".*?<\/details>/s.exec(text)?.[0];
}

it('shows the members of the group, the leader first', async () => {
  const section = (await sectionOf(REPLICAS_VIEW)) ?? '';
  const rows = [...section.matchAll(/<tr>\n<th scope="row">.*?<\/tr>/gs)].map(([row]) => textOf(row));
  expect(rows).toEqual([
    'exporter-1 leader 0 s ago 1.2.3 the same http://exporter-1.example:10049/',
    'exporter-0 standby 3 s ago 1.2.3 different –',
  ]);
  expect(section).not.toContain(' open');
  expect(textOf(section)).toContain('2 members, led by exporter-1');
});

it('expands the members if the shared storage is unreachable', async () => {
  const section =
    (await sectionOf({ ...REPLICAS_VIEW, leader: null, engine: { ...REPLICAS_VIEW.engine, up: false } })) ?? '';
  expect(section).toContain('id="replicas" open');
  expect(textOf(section)).toContain('shared storage unreachable');
});

it('escapes the values of other members', async () => {
  const member = { id: '<b>', url: null, version: '<i>', sameConfig: true, heartbeatAgeSeconds: 0 };
  expect(await sectionOf({ ...REPLICAS_VIEW, members: [member] })).not.toMatch(/<[bi]>/);
});

it('shows no section without replicas', async () => {
  expect(await sectionOf(undefined)).toBeUndefined();
});
