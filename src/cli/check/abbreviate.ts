/** So many names are shown of a longer list. */
export const NAMES_SHOWN = 10;

/** `a, b, c and 117 more`; all names if there are no more than `most`. */
export function abbreviate(names: readonly string[], most = NAMES_SHOWN): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** A place that is called. */
interface Place {
  readonly account: string;
  readonly region: string;
}

const PLACES_SHOWN = 3;

/** `a, b, c and 117 more in eu-west-1`; with the region at each account if these are in several. */
export function abbreviatePlaces(places: readonly Place[]): string {
  const regions = new Set(places.map(({ region }) => region));
  return regions.size === 1
    ? `${abbreviate(
        places.map(({ account }) => account),
        PLACES_SHOWN,
      )} in ${[...regions].join()}`
    : abbreviate(
        places.map(({ account, region }) => `${account} ${region}`),
        PLACES_SHOWN,
      );
}
