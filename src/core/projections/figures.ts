/** '0.4 s', '12 s', '2m14s', '1h02m'. */
export function elapsedText(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}

const two = (n: number): string => String(n).padStart(2, '0');

/** With a comma between thousands, whatever the locale. */
export const countText = (n: number): string => String(Math.round(n)).replace(/\B(?=(\d{3})+(?!\d))/g, ',');

/** '1,830', '45.2k', '1.2M', '3.4G'. */
export function shortCountText(n: number): string {
  if (n < 9999.5) return countText(n);
  const units = ['k', 'M', 'G', 'T'];
  let value = n / 1000;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(1)}${units[unit]}`;
}

/** '1 file', '3 files'. */
export const plural = (n: number, one: string, many = `${one}s`): string => `${countText(n)} ${n === 1 ? one : many}`;

/** Enough of an object name to recognise it. */
export const shortOid = (oid: string): string => oid.slice(0, 7);

/** '512 B', '1.9 kB', '3.4 GB', by powers of 1000. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** '+12 −3'; binary files have no line counts. */
export const linesText = (added: number | null, removed: number | null): string =>
  added === null || removed === null ? 'binary' : `+${countText(added)} −${countText(removed)}`;
