import type { Panel } from '../../test/support/dashboard-files.ts';

/** Grafana's grid, in pixels but for the columns. */
export const COLUMNS = 24;
export const GAP = 8;
const ROW = 30;
/** Title, padding and border. */
const FRAME = 36;

/** The height that a panel has in Grafana, in pixels. */
export function heightOf({ gridPos }: Panel): number {
  return gridPos.h * (ROW + GAP) - GAP;
}

/** The same without its frame. */
export function contentHeight(panel: Panel): number {
  return heightOf(panel) - FRAME;
}
