/** The members of an object; none for any other value. */
export function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** Returns undefined if the text is not JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Returns an object of required members; undefined if one of them is undefined. */
export function complete<T extends object>(object: T): Complete<T> | undefined {
  const isComplete = (each: T | Complete<T>): each is Complete<T> => !Object.values(each).includes(undefined);
  return isComplete(object) ? object : undefined;
}

type Complete<T> = { [Member in keyof T]: Exclude<T[Member], undefined> };
