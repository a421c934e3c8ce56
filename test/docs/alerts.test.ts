import { expect, test } from 'vitest';
import { run } from '../support/project.ts';
import { alertsDocument } from './alerts-document.ts';

// "npm run docs" writes it; without that a file that is not up to date fails.

test('docs/alerts.md is what the rules make it', async () => {
  await expect(alertsDocument()).toMatchFileSnapshot('../../docs/alerts.md');
});

test('the command of docs/alerts.md replaces the start of every runbook_url', () => {
  const [, script = ''] = /^sed -i '(.*)' config\/rules\/\*\.yml$/m.exec(alertsDocument()) ?? [];
  const { stdout } = run('sh', ['-c', `sed '${script}' config/rules/*.yml`]);
  const urls = stdout.match(/runbook_url: .*/g) ?? [];
  expect(urls.length).toBeGreaterThan(20);
  expect(urls).toEqual(urls.map(() => expect.stringContaining(' https://wiki.example.org/nfm/docs/runbooks/')));
});
