import { describe, expect, test, vi } from 'vitest';
import { REPLICA_FAMILIES } from '../../src/metrics/families.ts';
import { ExpositionPage } from '../support/exposition-page.ts';
import { CLEAN_ENVIRONMENT, type Command, startCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** The scenes take 25 s on an idle machine. */
const WAIT = { timeout: 90_000, interval: 200 };

async function page(url: string): Promise<ExpositionPage> {
  return new ExpositionPage(await (await fetch(`${url}metrics`)).text());
}

function waitForOutput(demo: Command, text: string): Promise<void> {
  return vi.waitFor(() => expect(demo.stdout(), demo.stderr()).toContain(text), WAIT);
}

/** The URLs of the leader's and the standby's pages. */
function members(demo: Command): { readonly leader: string; readonly standby: string } {
  const urlOf = (role: string) =>
    new RegExp(`^ {2}(http://\\S+/) {3}replica-\\d, ${role}`, 'm').exec(demo.stdout())?.[1];
  return { leader: urlOf('the leader') ?? '', standby: urlOf('a standby') ?? '' };
}

describe('the demo of replicas', () => {
  test('kills the leader, shows the takeover, and restarts it as a standby', { timeout: 240_000 }, async (scope) => {
    const env = { ...CLEAN_ENVIRONMENT, TMPDIR: temporaryFolder(scope), HTTP_PROXY: 'http://127.0.0.1:9' };
    const demo = startCommand(scope, ['demo', '--replicas=2', '--web.listen-address=127.0.0.1:0'], env);
    await waitForOutput(demo, 'Press Ctrl-C to exit.');
    const { leader, standby } = members(demo);
    for (const url of [leader, standby]) {
      const metrics = await page(url);
      expect(metrics.value('aws_nfm_replica_leader', {})).toBe(url === leader ? 1 : 0);
      expect(metrics.value('aws_nfm_replica_members', {})).toBe(2);
      expect(metrics.value('aws_nfm_replica_config_mismatch', {})).toBe(0);
      for (const family of Object.keys(REPLICA_FAMILIES)) {
        expect(metrics.samples(family), family).not.toEqual([]);
      }
    }
    await waitForOutput(demo, 'is killed');
    await waitForOutput(demo, 'has taken the lead');
    const taken = await page(standby);
    expect(taken.value('aws_nfm_replica_leader', {})).toBe(1);
    expect(taken.value('aws_nfm_replica_epoch', {})).toBe(2);
    await waitForOutput(demo, 'is restarted, and is a standby');
    expect((await page(leader)).value('aws_nfm_replica_leader', {})).toBe(0);
    expect((await page(standby)).value('aws_nfm_replica_members', {})).toBe(2);
    expect(demo.log().filter(({ msg }) => msg === 'replica leads')).toMatchObject([
      { replica: expect.any(String), epoch: '1' },
      { replica: expect.any(String), epoch: '2' },
    ]);
    demo.kill('SIGTERM');
    expect(await demo.ended).toMatchObject({ code: 0, signal: null });
    for (const url of [leader, standby]) {
      await expect(fetch(url)).rejects.toThrow('fetch failed');
    }
  });

  test('exits with status 1 if a member cannot start', { timeout: 60_000 }, async (scope) => {
    const env = { ...CLEAN_ENVIRONMENT, TMPDIR: temporaryFolder(scope) };
    const demo = startCommand(scope, ['demo', '--replicas=2', '--web.listen-address=192.0.2.1:10049'], env);
    expect(await demo.ended).toMatchObject({ code: 1 });
    expect(demo.log().map(({ msg }) => msg)).toContain('startup failed');
  });

  test('leaves no member behind if it is killed', { timeout: 90_000 }, async (scope) => {
    const env = { ...CLEAN_ENVIRONMENT, TMPDIR: temporaryFolder(scope) };
    const demo = startCommand(scope, ['demo', '--replicas=2', '--web.listen-address=127.0.0.1:0'], env);
    await waitForOutput(demo, 'Press Ctrl-C to exit.');
    demo.kill('SIGKILL');
    for (const url of Object.values(members(demo))) {
      await vi.waitFor(() => expect(fetch(url)).rejects.toThrow('fetch failed'), WAIT);
    }
  });
});
