import { LOG_LEVELS } from '../../src/lib/log.ts';

/** A parsed log event with all values as text. `ts`, `level`, and `msg` are first. */
export type LogEvent = Readonly<Record<string, string>>;

/** Reads a line of either format. @throws Error for a line that is not a log event */
export function parseLogLine(line: string): LogEvent {
  const entries = line.startsWith('{') ? jsonEntries(line) : logfmtEntries(line);
  const event = Object.fromEntries(entries);
  if (
    entries
      .slice(0, 3)
      .map(([key]) => key)
      .join() !== 'ts,level,msg' ||
    entries.length !== Object.keys(event).length ||
    !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(event['ts'] ?? '') ||
    !LOG_LEVELS.some((level) => level === event['level'])
  ) {
    throw new Error(`not a log event: ${line}`);
  }
  return event;
}

function jsonEntries(line: string): [string, string][] {
  const event: unknown = JSON.parse(line);
  return Object.entries(event ?? {}).map(([key, value]) => [key, String(value)]);
}

/** Reads logfmt: `key=value` separated by single spaces. Values may be quoted, with the escapes of JSON. */
function logfmtEntries(line: string): [string, string][] {
  const entries: [string, string][] = [];
  const pair = /([\w.]+)=(?:("(?:[^"\\]|\\.)*")|([^\s"=]+))(?: (?=\S)|$)/y;
  while (pair.lastIndex < line.length) {
    const at = pair.lastIndex;
    const [, key = '', quoted, bare = ''] = pair.exec(line) ?? [];
    if (key === '') {
      throw new Error(`not logfmt from character ${at} on: ${line}`);
    }
    entries.push([key, quoted === undefined ? bare : String(JSON.parse(quoted))]);
  }
  return entries;
}
