import { expect, test } from 'vitest';
import { run } from '../support/project.ts';
import { alertsDocument } from './alerts-document.ts';

// "npm run docs" writes it; without that a file that is not up to date fails.

test('docs/alerts.md is what the rules make it', async () => {
  await expect(alertsDocument()).toMatchFileSnapshot('../../docs/alerts.md');
});

test("the command of docs/alerts.md puts an address of one's own before every page", () => {
  const [, script = ''] = /^sed -i '(.*)' config\/rules\/\*\.yml$/m.exec(alertsDocument()) ?? [];
  const { stdout } = run('sh', ['-c', `sed '${script}' config/rules/*.yml`]);
  expect(stdout.match(/runbook_url: .*/g)?.length).toBeGreaterThan(20);
  expect(stdout).not.toContain('runbooks.example');
});
