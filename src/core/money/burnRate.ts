import { addUsd, compareUsd, scaleUsd, subtractUsd, type Usd, zeroUsd } from '../model/usd.ts';

/** Over which the present rate is taken. */
const WINDOW_MS = 3_600_000;
/** A rate of less than this would be one charge and no rate. */
const SHORTEST_MS = 60_000;
const HOUR_MS = 3_600_000;

export interface Projection {
  /** At the rate of the last hour; null without a charge in it. */
  readonly perHourUsd: Usd | null;
  /** When the limit will be reached at that rate, milliseconds since the epoch; `now` when it is; null when not before the period ends. */
  readonly reachedAt: number | null;
}

/**
 * Carries the spending of the last hour on. The rate counts from the first charge in the hour, and over at least a minute.
 * @param charges in any order
 * @param budget the limit, what was spent of it, and the end of its period, milliseconds since the epoch; null for no limit
 */
export function project(
  charges: Iterable<{ readonly at: number; readonly usd: Usd | null }>,
  now: number,
  budget: { readonly limitUsd: Usd; readonly spentUsd: Usd; readonly until: number } | null,
): Projection {
  let sum = zeroUsd;
  let first = now;
  for (const { at, usd } of charges) {
    if (usd === null || at <= now - WINDOW_MS || at > now) continue;
    sum = addUsd(sum, usd);
    first = Math.min(first, at);
  }
  const perHourUsd = compareUsd(sum, zeroUsd) > 0 ? scaleUsd(sum, HOUR_MS, Math.max(SHORTEST_MS, now - first)) : null;
  if (budget === null) return { perHourUsd, reachedAt: null };
  const left = subtractUsd(budget.limitUsd, budget.spentUsd);
  if (compareUsd(left, zeroUsd) <= 0) return { perHourUsd, reachedAt: now };
  if (perHourUsd === null) return { perHourUsd, reachedAt: null };
  const reachedAt = now + Math.ceil((Number(left) / Number(perHourUsd)) * HOUR_MS);
  return { perHourUsd, reachedAt: reachedAt < budget.until ? reachedAt : null };
}

/** '$5.00 reached at about 14:20', or null when it will not be. @param timeOf the time of day as people read it */
export const projectionText = ({ reachedAt }: Projection, limitUsd: Usd, timeOf: (at: number) => string): string | null =>
  reachedAt === null ? null : `$${Number(limitUsd).toFixed(2)} reached at about ${timeOf(reachedAt)}`;
