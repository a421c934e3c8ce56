import { createHash } from 'node:crypto';

/** A short text that is equal for equal definitions, whatever the order of their keys, and else differs. */
export function definitionTag(definition: unknown): string {
  return createHash('sha256').update(canonical(definition)).digest('base64url').slice(0, 22);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
