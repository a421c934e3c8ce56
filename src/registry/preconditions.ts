/** The tags that a condition names, without quotes; `*` stands for any. */
export type TagCondition = '*' | ReadonlySet<string>;

/** What must be true of a resource for a request to be carried out (RFC 9110, section 13.1). */
export interface Preconditions {
  /** Strong tags only: weak ones match nothing here. */
  readonly ifMatch?: TagCondition;
  /** Weak tags count as strong ones. */
  readonly ifNoneMatch?: TagCondition;
}

/** Whether a request with these conditions may go on; `etag` without quotes, `undefined` where there is no resource. */
export function areMet({ ifMatch, ifNoneMatch }: Preconditions, etag: string | undefined): boolean {
  return (
    (ifMatch === undefined || matches(ifMatch, etag)) && !(ifNoneMatch !== undefined && matches(ifNoneMatch, etag))
  );
}

function matches(condition: TagCondition, etag: string | undefined): boolean {
  return etag !== undefined && (condition === '*' || condition.has(etag));
}
