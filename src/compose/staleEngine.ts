/** An engine that has not shown a sign of life for this long is taken for stuck, even though its process exists. */
export const STALE_AFTER_MS = 60_000;
