/**
 * What `contributors.mirrorRows` may be: whether rows with target port 0, the far end's view of a connection, make
 * series.
 */
export const MIRROR_ROWS = ['keep', 'drop'] as const;
export type MirrorRows = (typeof MIRROR_ROWS)[number];
