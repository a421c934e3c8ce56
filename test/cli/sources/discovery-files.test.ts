import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Clock, systemClock } from '../../../src/lib/clock.ts';
import { type LoadedConfig, loadConfig } from '../../../src/queries/load.ts';
import { DiscoveryFiles } from '../../../src/registry/discovery-files.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Far less than the time from reading to reading. */
const WAIT = { timeout: 5_000, interval: 20 };

async function load(config: object = {}): Promise<LoadedConfig> {
  const text = JSON.stringify({ discovery: { files: ['queries.d/*.yaml', 'queries.d/*.json'] }, ...config });
  return loadConfig(text, { file: 'x', env: {}, fallbackRegion: async () => 'us-east-1' });
}

/** Entries of watched queries. */
function entries(...names: readonly string[]): string {
  return JSON.stringify(names.map((name) => ({ name, monitorName: 'm', queryId: name })));
}

/** Followed files in their own directory. */
async function follow(
  write: (path: (name: string) => string) => void = () => undefined,
  { config, clock = systemClock }: { readonly config?: object; readonly clock?: Clock } = {},
) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'queries.d'));
  const path = (name: string) => join(folder, 'queries.d', name);
  write(path);
  const log = new RecordingLog();
  const changes: string[][] = [];
  let made: ReadonlyMap<string, { readonly queries: readonly { readonly name: string }[] }> = new Map();
  const names = () => [...made.values()].flatMap(({ queries }) => queries.map(({ name }) => name)).sort();
  const files = new DiscoveryFiles({
    configFile: join(folder, 'nfm.yml'),
    clock,
    log,
    onChange(now) {
      made = now;
      changes.push(names());
    },
  });
  onTestFinished(() => files.stop());
  const use = async (other?: object) => {
    const plan = await files.plan(await load(other));
    made = plan.sources;
    plan.commit();
  };
  await use(config);
  return {
    folder,
    path,
    log,
    /** The names passed to `onChange`. */
    changes,
    names,
    use,
    waitForNames: (...expected: readonly string[]) => vi.waitFor(() => expect(names()).toEqual(expected), WAIT),
    /** `a.yaml 1`, for each file. */
    states: () => Array.from(files.states(), ([file, { valid }]) => `${basename(file)} ${Number(valid)}`),
    errors: () => log.events.filter(({ level }) => level === 'error').map(({ fields }) => String(fields['error'])),
  };
}

describe('discovery files', () => {
  it('are read when they are added, rewritten, replaced, and removed', async () => {
    const { path, waitForNames, states, log } = await follow((to) => {
      writeFileSync(to('a.yaml'), entries('a'));
      writeFileSync(to('.hidden.yaml'), entries('hidden'));
      writeFileSync(to('notes.txt'), 'no queries');
    });
    await waitForNames('a');
    writeFileSync(path('b.json'), entries('b', 'c'));
    await waitForNames('a', 'b', 'c');
    writeFileSync(path('b.json'), entries('b'));
    await waitForNames('a', 'b');
    writeFileSync(path('.new'), entries('d'));
    renameSync(path('.new'), path('a.yaml'));
    await waitForNames('b', 'd');
    expect(states()).toEqual(['a.yaml 1', 'b.json 1']);
    rmSync(path('b.json'));
    await waitForNames('d');
    expect(states()).toEqual(['a.yaml 1']);
    expect(log.messages().filter((msg) => msg === 'discovery file removed')).toHaveLength(1);
  });

  it('follow symbolic links, as Kubernetes swaps those of a ConfigMap, and move queries between files at once', async () => {
    const version = (path: (name: string) => string, name: string, a: string, b: string) => {
      mkdirSync(path(name));
      writeFileSync(join(path(name), 'a.yaml'), a);
      writeFileSync(join(path(name), 'b.yaml'), b);
      symlinkSync(name, path('..data_tmp'));
      renameSync(path('..data_tmp'), path('..data'));
    };
    const { path, changes, names, waitForNames } = await follow((to) => {
      version(to, '..2026_01', entries('a', 'moved'), entries('b'));
      symlinkSync('..data/a.yaml', to('a.yaml'));
      symlinkSync('..data/b.yaml', to('b.yaml'));
    });
    expect(names()).toEqual(['a', 'b', 'moved']);
    for (const [before, after, other] of [
      ['..2026_01', '..2026_02', 'c'],
      ['..2026_02', '..2026_03', 'd'],
    ] as const) {
      version(path, after, entries('a'), entries(other, 'moved'));
      rmSync(path(before), { recursive: true });
      await waitForNames('a', other, 'moved');
    }
    expect(changes).toEqual([
      ['a', 'c', 'moved'],
      ['a', 'd', 'moved'],
    ]);
  });

  it('keep their last valid queries while invalid, and log errors once per content', async () => {
    const { path, names, use, states, errors, waitForNames } = await follow((to) => {
      writeFileSync(to('a.yaml'), entries('a'));
      writeFileSync(to('b.yaml'), '- { name: b, monitorName: m }');
    });
    expect(names()).toEqual(['a']);
    expect(states()).toEqual(['a.yaml 1', 'b.yaml 0']);
    const first = `${path('b.yaml')}[0] (line 1): got neither queryId nor schedule, expected either queryId, to watch a query, or schedule, to run queries`;
    expect(errors()).toEqual([first]);

    writeFileSync(path('a.yaml'), '\n- { name: a, monitorName: m, queryId: a, x: 1, type: y }');
    await vi.waitFor(() => expect(states()).toEqual(['a.yaml 0', 'b.yaml 0']), WAIT);
    await use();
    await use();
    expect(names()).toEqual(['a']);
    expect(errors().slice(1)).toEqual([
      expect.stringMatching(/a\.yaml\[0\]\.x \(line 2\): got an unknown key, /),
      expect.stringMatching(/a\.yaml\[0\]\.type \(line 2\): got "y", /),
    ]);

    writeFileSync(path('a.yaml'), new Uint8Array([0xff]));
    await vi.waitFor(() => expect(errors().at(-1)).toContain('bytes that are not valid UTF-8'), WAIT);
    expect(names()).toEqual(['a']);
    writeFileSync(path('a.yaml'), entries('a2'));
    writeFileSync(path('b.yaml'), entries('b'));
    await waitForNames('a2', 'b');
    expect(states()).toEqual(['a.yaml 1', 'b.yaml 1']);
    writeFileSync(path('a.yaml'), '# none\n');
    await waitForNames('b');
  });

  it('are invalid if they cannot be read', async () => {
    const { path, names, errors, states } = await follow((to) => {
      mkdirSync(to('real'));
      writeFileSync(to('a.yaml'), entries('a'));
      symlinkSync('loop.yaml', to('loop.yaml'));
      symlinkSync('nowhere', to('nowhere.yaml'));
    });
    expect(names()).toEqual(['a']);
    // A file that its owner may not read is one that a superuser may.
    if (process.getuid?.() === 0) {
      rmSync(path('a.yaml'));
      symlinkSync('a.yaml', path('a.yaml'));
      await vi.waitFor(() => expect(errors()).toEqual([expect.stringMatching(/too many symbolic links/)]), WAIT);
    } else {
      chmodSync(path('a.yaml'), 0);
      await vi.waitFor(() => expect(errors()).toEqual([expect.stringMatching(/permission denied/)]), WAIT);
    }
    expect(states()).toEqual(['a.yaml 0']);
    expect(names()).toEqual(['a']);
  });

  it('are ignored while being written', async () => {
    let stopped = true;
    const monotonic = () => (stopped ? 0 : systemClock.monotonic());
    const { path, changes, waitForNames, errors } = await follow((to) => writeFileSync(to('a.yaml'), entries('a')), {
      clock: { ...systemClock, monotonic },
    });
    for (const text of ['', '[{ "name":', '[', entries('b', 'c')]) {
      writeFileSync(path('a.yaml'), text);
      // Enough for looks, which find that no time has passed.
      await sleep(150);
    }
    writeFileSync(path('a.yaml'), entries('b'));
    stopped = false;
    await waitForNames('b');
    expect(changes).toEqual([['b']]);
    expect(errors()).toEqual([]);
  });

  it('are searched repeatedly, also in directories created later', async () => {
    const setTimer = (ms: number, callback: () => void) => systemClock.setTimer(ms === 10_000 ? 200 : ms, callback);
    const config = { discovery: { files: ['later/*/*.yaml'] } };
    const { folder, waitForNames } = await follow(undefined, { config, clock: { ...systemClock, setTimer } });
    mkdirSync(join(folder, 'later/team'), { recursive: true });
    writeFileSync(join(folder, 'later/team/a.yaml'), entries('a'));
    await waitForNames('a');
    rmSync(join(folder, 'later'), { recursive: true });
    await waitForNames();
    mkdirSync(join(folder, 'later/team'), { recursive: true });
    writeFileSync(join(folder, 'later/team/b.yaml'), entries('b'));
    await waitForNames('b');
  });

  it('are loaded again with another configuration, which may not allow or name them', async () => {
    const accounts = [
      { name: 'x', region: 'us-east-1' },
      { name: 'y', region: 'eu-west-1' },
    ];
    const of = (name: string, account: string) => ({ name, account, monitorName: 'm', queryId: name });
    const { path, names, use, states, errors, waitForNames } = await follow(
      (to) => writeFileSync(to('a.yaml'), JSON.stringify([of('a', 'x'), of('b', 'y')])),
      { config: { accounts } },
    );
    expect(names()).toEqual(['a', 'b']);
    await use({ accounts: [{ name: 'x', region: 'us-east-1' }] });
    expect(names()).toEqual(['a']);
    expect(states()).toEqual(['a.yaml 0']);
    expect(errors()).toEqual([
      `${path('a.yaml')}[1].account (line 1): got "y", expected one of the accounts "x", "default"`,
    ]);
    await use({ accounts });
    expect(states()).toEqual(['a.yaml 1']);
    await use({ discovery: {} });
    expect(names()).toEqual([]);
    await use({ accounts });
    rmSync(path('a.yaml'));
    await waitForNames();
  });
});
