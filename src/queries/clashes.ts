import { quote } from '../config/reading/config-node.ts';
import type { Problem } from '../config/reading/problem.ts';
import type { Clash } from './plan.ts';
import { createAt, type Written } from './problem-at.ts';

/** Two entries make a query of the same name. */
export function describeClash({ earlier, later, nameParts }: Clash, read: Written): Problem {
  const name = nameParts.map(read.show).join(':');
  const maker = `${earlier.path} (line ${earlier.line})`;
  return createAt(
    `${later.path}.name`,
    later.line,
    `a name of its own: ${maker} makes a query ${quote(name)}, too`,
    read,
  );
}

/** Two entries ask the service for the same. */
export function describeTwin({ earlier, later }: Clash, read: Written): Problem {
  const twin = `${earlier.path} (line ${earlier.line})`;
  return later.kind === 'watched'
    ? createAt(`${later.path}.queryId`, later.line, `a query other than that of ${twin}, which polls the same`, read)
    : createAt(`${later.path}.name`, later.line, `a query other than that of ${twin}, which starts the same`, read);
}
