import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatDuration, parseDuration } from '../../src/config/reading/texts.ts';
import { PROJECT } from './project.ts';

/** Factor between the shipped rules and the shortened ones: a minute becomes three seconds. */
export const FASTER = 20;

/** In rules: `for`, `keep_firing_for`, ranges, the steps of subqueries, and offsets. */
const SPAN = /(?<=\bfor: |_for: |\[|\[\w+:|\boffset )(?:\d+[smhdwy])+\b/g;
/** In Alertmanager's configuration. */
const GROUP_WAIT = /(?<=\bgroup_wait: )\w+/g;
const OTHER_WAIT = /(?<=\b(?:group_interval|repeat_interval): )\w+/g;
const RECEIVERS = 'http://localhost:9095/';

/**
 * Writes config/rules to `directory` with shortened durations, and no other change: thresholds, including those in seconds, and
 * texts are the same. Returns a pattern for the files.
 */
export function writeShortenedRules(folder: string): string {
  const rules = join(folder, 'rules');
  mkdirSync(rules);
  for (const file of readdirSync(`${PROJECT}config/rules`)) {
    const text = readFileSync(`${PROJECT}config/rules/${file}`, 'utf8');
    writeFileSync(
      join(rules, file),
      text.replace(SPAN, (span) => shortened(span)),
    );
  }
  return join(rules, '*.yml');
}

/**
 * Writes config/alertmanager.yml to `directory` with webhooks at `url` and shorter waits, and no other change: routes, groups, and
 * inhibitions are the same. If `groupWait` is given, it applies to all routes, so that alerts that fire together on a busy
 * machine are sent together. Returns the file.
 */
export function writeShortenedRouting(
  folder: string,
  url: string,
  { faster = FASTER, groupWait }: { readonly faster?: number; readonly groupWait?: string } = {},
): string {
  const text = readFileSync(`${PROJECT}config/alertmanager.yml`, 'utf8');
  const file = join(folder, 'alertmanager.yml');
  const changed = text
    .replaceAll(RECEIVERS, `${url}/`)
    .replace(GROUP_WAIT, (wait) => groupWait ?? shortened(wait, faster))
    .replace(OTHER_WAIT, (wait) => shortened(wait, faster));
  writeFileSync(file, changed);
  return file;
}

function shortened(duration: string, faster = FASTER): string {
  const ms = parseDuration(duration);
  if (ms === undefined) {
    throw new Error(`no duration: ${duration}`);
  }
  return formatDuration(Math.round(ms / faster));
}
