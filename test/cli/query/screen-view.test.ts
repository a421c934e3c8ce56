import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it, type TestContext, vi } from 'vitest';
import { ScreenView } from '../../../src/cli/query/query-view.ts';
import { readRowPage } from '../../../src/results/results.ts';
import { anyCharacter } from '../../support/any-character.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { CLEAN_ENVIRONMENT } from '../../support/process.ts';
import { PROJECT } from '../../support/project.ts';
import { runSimulator } from '../../support/simulated-service.ts';
import { finishedQuery } from './finished-query.ts';

const ENTER = '\u001b[?1049h';
const LEAVE = '\u001b[?1049l';
const SHOW_CURSOR = '\u001b[?25h';

/** A terminal that keeps the lines of its screen. It knows only the sequences that the view may use. */
function screen(columns: number, rows: number) {
  const size = { columns, rows };
  let lines: string[] = [];
  let row = 1;
  let column = 1;
  let saved: readonly [number, number] = [1, 1];
  let written = '';
  let resized = () => {};
  const put = (character: string) => {
    const line = (lines[row - 1] ?? '').padEnd(column - 1);
    if (column > size.columns || row > size.rows) {
      throw new Error(`row ${row} is beyond ${size.columns} columns and ${size.rows} rows: ${line}${character}`);
    }
    lines[row - 1] = `${line.slice(0, column - 1)}${character}${line.slice(column)}`;
    column += 1;
  };
  return {
    terminal: {
      columns: () => size.columns,
      rows: () => size.rows,
      onResize(listener: () => void) {
        resized = listener;
        return () => {
          resized = () => {};
        };
      },
      write(text: string) {
        written += text;
        const [shown = ''] = text.split(LEAVE);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences of terminals
        for (const [token, y, x] of shown.matchAll(/\u001b\[(\d+);(\d+)H|\u001b\[[?\d]*[a-zA-Z]|\u001b[78]|[\s\S]/gu)) {
          if (y !== undefined) {
            [row, column] = [Number(y), Number(x)];
          } else if (token === '\u001b7') {
            saved = [row, column];
          } else if (token === '\u001b8') {
            [row, column] = saved;
          } else if (token === '\r') {
            column = 1;
          } else if (token === '\u001b[2J') {
            lines = [];
          } else if (token === '\u001b[2K') {
            lines[row - 1] = '';
          } else if (!token.startsWith('\u001b')) {
            put(token);
          }
        }
      },
    },
    resize(newColumns: number, newRows: number) {
      Object.assign(size, { columns: newColumns, rows: newRows });
      resized();
    },
    lines: () => Array.from({ length: size.rows }, (_, i) => lines[i] ?? ''),
    written: () => written,
  };
}

function rows(count: number) {
  return readRowPage({
    unit: 'Microseconds',
    topContributors: Array.from({ length: count }, (_, i) => ({ localIp: `10.0.0.${i}`, value: count - i })),
  });
}

describe('the screen of query run --watch', () => {
  it('shows the newest results, the last message, and the current step', async () => {
    const clock = new FakeClock();
    const { terminal, lines, written, resize } = screen(60, 12);
    const view = new ScreenView(terminal, clock);
    view.print('query q');
    view.show('RUNNING');
    expect(lines().slice(-2)).toEqual(['query q', '⠋ RUNNING (0s)']);
    view.showResults(finishedQuery(rows(20)));
    view.showWait('next query at 12:05:00 UTC');
    await clock.advance(1_000);
    expect(lines()).toEqual([
      'Metric: ROUND_TRIP_TIME (in µs, ms, or s)',
      'Query:  monitor checkout, eu-west-1, INTER_AZ',
      'Window: 2026-01-31 23:50:00 to 2026-02-01 00:05:00 UTC',
      '',
      'value  local_ip',
      '20 µs  10.0.0.0',
      '19 µs  10.0.0.1',
      '18 µs  10.0.0.2',
      '17 µs  10.0.0.3',
      '… 16 more: enlarge the terminal, or set a lower --limit',
      '20 contributors',
      expect.stringMatching(/^. next query at 12:05:00 UTC \(1s\)$/),
    ]);
    resize(40, 30);
    await clock.advance(100);
    expect(lines()).toContain(' 1 µs  10.0.0.19');
    expect(lines().slice(-2)).toEqual(['20 contributors', expect.stringMatching(/^. next query at 12:05:00 UTC/)]);
    view.end();
    view.end();
    expect(written().split(LEAVE)).toHaveLength(2);
    expect(written().split(LEAVE)[1]).toMatch(/^Metric: [\s\S]*\n 1 µs {2}10\.0\.0\.19\n$/);
    await clock.advance(10_000);
    resize(80, 24);
    expect(written().endsWith('10.0.0.19\n')).toBe(true);
  });

  it('never writes beyond the terminal, of any size and with hostile rows', () => {
    const text = fc.string({ unit: anyCharacter });
    const anyRows = fc.array(fc.record({ localIp: text, remoteIp: text, localVpcId: text, value: fc.nat() }), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(
        anyRows,
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 2, max: 20 }),
        (contributors, columns, height) => {
          const { terminal } = screen(columns, height);
          const view = new ScreenView(terminal, new FakeClock());
          view.show('RUNNING');
          view.showResults(finishedQuery(readRowPage({ topContributors: contributors })));
          view.end();
        },
      ),
    );
  });
});

/** Runs `query run --watch` in a terminal of 60 columns. */
async function inTerminal(scope: TestContext, outcome: string, faults: readonly unknown[] = []) {
  const service = await runSimulator(scope, {
    startedQueries: [{ match: {}, queuedFor: 0, runningFor: '100ms', rows: 5, outcome }],
    faults,
  });
  const flags = [
    '--watch --lookback=1m --region=us-east-1 --monitor-name=checkout --metric-name=RETRANSMISSIONS',
    `--destination-category=INTER_AZ --endpoint=${service.url}`,
  ];
  const command = `stty cols 60 rows 20; exec ${process.execPath} ${PROJECT}dist/main.js query run ${flags.join(' ')}`;
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    env: { ...CLEAN_ENVIRONMENT, TERM: 'xterm', SHELL: '/bin/sh' },
  });
  scope.onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ended = once(child, 'close').then(() => child.exitCode);
  return { service, ended, output: () => output, press: (keys: string) => child.stdin.write(keys) };
}

const PATIENT = { timeout: 20_000, interval: 50 };
const CTRL_C = '\u0003';

describe.concurrent('query run --watch in a terminal', () => {
  it('shows windows on the alternate screen, and restores the terminal at Ctrl-C', async (scope) => {
    const { ended, output, press } = await inTerminal(scope, 'SUCCEEDED');
    await vi.waitFor(() => expect(output()).toContain('next query at '), PATIENT);
    expect(output().startsWith(ENTER)).toBe(true);
    expect(output()).not.toContain(LEAVE);
    expect(output()).toContain('Metric: RETRANSMISSIONS (count)');
    press(CTRL_C);
    expect(await ended).toBe(130);
    const [, after = ''] = output().split(LEAVE);
    expect(output()).toContain(`${SHOW_CURSOR}${LEAVE}`);
    expect(after).toMatch(/^Metric: RETRANSMISSIONS \(count\)\r\n[\s\S]*nfm-exporter: interrupted by SIGINT\r\n$/);
  }, 40_000);

  it('stops a running query at the service at Ctrl-C, and restores the terminal', async (scope) => {
    const { service, ended, output, press } = await inTerminal(scope, 'none');
    await vi.waitFor(() => expect(output()).toContain('RUNNING'), PATIENT);
    expect(service.simulator.runningQueries()).toHaveLength(1);
    press(CTRL_C);
    expect(await ended).toBe(130);
    expect(service.simulator.runningQueries()).toEqual([]);
    expect(output().split(LEAVE)[1]).toBe('nfm-exporter: interrupted by SIGINT\r\n');
  }, 40_000);

  it('restores the terminal at a second Ctrl-C', async (scope) => {
    const hang = { kind: 'hang', match: { operation: 'StopQuery*' } };
    const { ended, output, press } = await inTerminal(scope, 'none', [hang]);
    await vi.waitFor(() => expect(output()).toContain('RUNNING'), PATIENT);
    press(CTRL_C);
    await vi.waitFor(() => expect(output()).toContain('stopping the query'), PATIENT);
    press(CTRL_C);
    expect(await ended).toBe(130);
    expect(output()).toContain(`${SHOW_CURSOR}${LEAVE}`);
  }, 40_000);
});
