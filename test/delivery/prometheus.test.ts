import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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

test('config/prometheus.yml scrapes the agents of the demo where its comment has them served', () => {
  const text = readFileSync(`${PROJECT}config/prometheus.yml`, 'utf8');
  const [address] = /(?<=npm run demo -- --agents\.listen-address=)\S+/.exec(text) ?? [];
  const [
    ,
    {
      file_sd_configs: [
        {
          files: [pattern],
        },
      ],
    },
  ] = parse(text).scrape_configs;
  expect(pattern).toBe('agents/*.yml');
  const [{ targets }] = parse(readFileSync(join(PROJECT, 'config/agents/demo.yml'), 'utf8'));
  expect(targets).toEqual([address]);
});
