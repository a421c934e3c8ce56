import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { WEB } from '../../src/config/schema.ts';
import { PROJECT, run } from '../support/project.ts';

test('config/prometheus.yml is one that Prometheus takes', () => {
  expect(run('promtool', ['check', 'config', 'config/prometheus.yml'])).toMatchObject({ status: 0 });
});

test('config/prometheus.yml scrapes where the exporter listens by default', () => {
  const [
    {
      static_configs: [{ targets }],
      metrics_path: path = '/metrics',
    },
  ] = parse(readFileSync(`${PROJECT}config/prometheus.yml`, 'utf8')).scrape_configs;
  expect({ targets, path }).toEqual({
    targets: [`localhost${String(WEB.listenAddresses.default)}`],
    path: WEB.telemetryPath.default,
  });
});
