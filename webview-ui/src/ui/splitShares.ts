/** Where a divider may stand: shares of the first pane, in percent. */
export interface SplitLimits {
  readonly min: number;
  readonly max: number;
}

/** Below this width, in CSS pixels, two panes lie one below the other. */
const stackedBelow = 640;
/** The least that each pane has, in CSS pixels. */
const least = { beside: { first: 340, second: 220 }, stacked: { first: 170, second: 110 } } as const;
const [step, page] = [2, 10];

export const isStackedAt = (width: number): boolean => width > 0 && width < stackedBelow;

/** Without room for both, the divider stands where what there is is shared alike. */
export function splitLimits(size: { readonly width: number; readonly height: number }): SplitLimits {
  const isStacked = isStackedAt(size.width);
  const length = isStacked ? size.height : size.width;
  const { first, second } = isStacked ? least.stacked : least.beside;
  if (length < first + second) return { min: 50, max: 50 };
  return { min: (first / length) * 100, max: 100 - (second / length) * 100 };
}

export const within = (share: number, { min, max }: SplitLimits): number => Math.max(min, Math.min(max, share));

/** Where a key moves the divider to, or null for one that does not. Arrows of the direction in which it can't move are none. */
export function shareByKey(key: string, share: number, limits: SplitLimits, isStacked: boolean, standard: number): number | null {
  const back = isStacked ? 'ArrowUp' : 'ArrowLeft';
  const on = isStacked ? 'ArrowDown' : 'ArrowRight';
  const moves: Readonly<Record<string, number>> = {
    [back]: share - step,
    [on]: share + step,
    PageUp: share - page,
    PageDown: share + page,
    Home: limits.min,
    End: limits.max,
    Enter: standard,
  };
  const moved = moves[key];
  return moved === undefined ? null : within(moved, limits);
}
