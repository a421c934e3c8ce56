import { mapInTurns } from '../../lib/concurrency.ts';
import { delimitedLine, plainNumber } from '../../results/delimited.ts';
import type { Contributor } from './contributor-rows.ts';

/** Returns contributors as tab-separated values with a header: the value in the base unit, and all fields that any has. */
export async function contributorsTsv(contributors: readonly Contributor[], baseUnit: string): Promise<string> {
  const fields = [...new Set(contributors.flatMap((each) => [...each.fields.keys()]))];
  const header = ['value', 'unit', ...fields, 'path'];
  const lines = await mapInTurns(contributors, ({ value, fields: texts, path }) =>
    delimitedLine(
      [plainNumber(value), baseUnit, ...fields.map((field) => texts.get(field) ?? ''), path.join(' > ')],
      'tsv',
    ),
  );
  return [delimitedLine(header, 'tsv'), ...lines].join('');
}
