import { err, ok, type Result } from '../../base/result.ts';

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

/** Longest duration: timers of the platform end at about 24.8 days. */
export const maxDurationMs = 24 * 86_400_000;

const figure = String.raw`(\d{1,12}(?:\.\d{1,6})?)`;
/** Figures with units, largest first: 30m, 90s, 1h30m, 1.5h, 500ms. */
export const durationPattern = new RegExp(
  `^(?=\\d)(?:${figure}d)?\\s*(?:${figure}h)?\\s*(?:${figure}m)?\\s*(?:${figure}s)?\\s*(?:${figure}ms)?$`,
);

/** What durations look like, to follow the name of a setting or an option. */
export const durationRule = 'must be a duration with its unit, such as 30m, 90s, 1h30m or 500ms';

/**
 * Reads a duration as people write it.
 * @returns whole milliseconds, at least 1 and at most `maxDurationMs`; or a phrase such as 'must be …' that follows the
 * name of the setting or option.
 */
export function parseDuration(text: string): Result<number, string> {
  const match = durationPattern.exec(text.trim());
  if (match === null) return err(durationRule);
  const total = units.reduce((sum, [, unitMs], index) => sum + Number(match[index + 1] ?? 0) * unitMs, 0);
  const ms = Math.round(total);
  if (ms < 1) return err('must be longer than nothing: at least 1ms');
  if (ms > maxDurationMs) return err(`must be at most ${formatDuration(maxDurationMs)}`);
  return ok(ms);
}

/** Shortest text that `parseDuration` reads back as the same whole milliseconds: '1h30m', '1m30.5s', '500ms'. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.round(ms));
  if (rest < 1000) return `${rest}ms`;
  let text = '';
  for (const [unit, unitMs] of units.slice(0, 3)) {
    const whole = Math.floor(rest / unitMs);
    if (whole > 0) text += `${whole}${unit}`;
    rest -= whole * unitMs;
  }
  return rest > 0 ? `${text}${rest / 1000}s` : text;
}
