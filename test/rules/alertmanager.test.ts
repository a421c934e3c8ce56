import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PROJECT, run } from '../support/project.ts';
import { ALERTS } from './rule-files.ts';

const FILE = 'config/alertmanager.yml';

interface InhibitRule {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal: readonly string[];
}

const { inhibit_rules }: { readonly inhibit_rules: readonly InhibitRule[] } = parse(
  readFileSync(`${PROJECT}${FILE}`, 'utf8'),
);

/** What stands for an alert of that name in `alertname=…` and `alertname=~…`. */
function selects(matchers: readonly string[], alert: string): boolean {
  return matchers.every((matcher) => {
    const [, operator, value] = /^alertname(=~|!=|=)"([^"]+)"$|$/.exec(matcher.replace(/(?<==~)([^"].*)$/, '"$1"')) ?? [];
    return operator === '=~'
      ? new RegExp(`^(?:${value})$`).test(alert)
      : operator === '!='
        ? value !== alert
        : value === alert;
  });
}

describe(FILE, () => {
  it('is one that Alertmanager takes', () => {
    expect(run('amtool', ['check-config', FILE])).toMatchObject({ status: 0, stderr: '' });
  });

  it.each(ALERTS)('brings $alert to who it is for', ({ alert, labels }) => {
    const labelled = Object.entries({ alertname: alert, ...labels }).map(([name, value]) => `${name}=${value}`);
    const { stdout } = run('amtool', ['config', 'routes', 'test', `--config.file=${FILE}`, ...labelled]);
    const bySeverity = { critical: 'on-call', info: 'digest' }[labels['severity'] ?? ''] ?? 'operations';
    expect(stdout.trim()).toBe(alert.endsWith('Unusual') ? 'network' : bySeverity);
  });

  it('leaves other alerts where they were', () => {
    const { stdout } = run('amtool', [
      'config',
      'routes',
      'test',
      `--config.file=${FILE}`,
      'alertname=DiskFull',
      'severity=critical',
    ]);
    expect(stdout.trim()).toBe('operations');
  });

  it('inhibits alerts that there are, for alerts that there are', () => {
    const names = inhibit_rules
      .flatMap(({ source_matchers, target_matchers }) => [...source_matchers, ...target_matchers])
      .flatMap((matcher) => matcher.match(/Nfm\w+/g) ?? []);
    expect(names.filter((name) => !ALERTS.some(({ alert }) => alert === name))).toEqual(['Nfm', 'Nfm'].slice(0, 0));
  });

  it('inhibits no alert for itself, and none two of which would silence each other', () => {
    const pairs = inhibit_rules.flatMap(({ source_matchers, target_matchers }) =>
      ALERTS.flatMap(({ alert: source }) =>
        ALERTS.filter(({ alert }) => selects(source_matchers, source) && selects(target_matchers, alert)).map(
          ({ alert }) => [source, alert] as const,
        ),
      ),
    );
    expect(pairs).toContainEqual(['NfmExporterDown', 'NfmResultsStale']);
    expect(pairs).toContainEqual(['NfmCredentialsRefused', 'NfmQueryPollingFails']);
    expect(pairs).toContainEqual(['NfmScheduledQueryFailing', 'NfmResultsStale']);
    const mutual = pairs.filter(([source, target]) => pairs.some(([from, to]) => from === target && to === source));
    expect(mutual).toEqual([]);
  });
});
