const twoDigits = (n: number): string => String(n).padStart(2, '0');

/** The day a moment (milliseconds since the epoch) falls on in this machine's time zone, as YYYY-MM-DD. */
export function localDay(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}
