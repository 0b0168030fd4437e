/** Heights in pixels: where the four lines of a lane lie inside it. */
export const rowTops = [4, 18, 38, 47] as const;
export const rowHeights = [12, 18, 7, 7] as const;
export const laneHeight = 60;
export const axisHeight = 22;
export const gutterWidth = 232;

/** The line at a place inside a lane, the nearest one when between two. */
export function rowAt(y: number): 0 | 1 | 2 | 3 {
  if (y < 17) return 0;
  if (y < 37) return 1;
  return y < 46 ? 2 : 3;
}
