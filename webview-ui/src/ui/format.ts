/** 0.4 s, 6.2 s, 2 min 14 s, 3 h 05 min. Null (goes on) as …. */
export function durationText(ms: number): string {
  if (ms < 0 || !Number.isFinite(ms)) return '0 ms';
  if (ms < 100) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}

/** Four places below one dollar, two from there on. */
export function usdText(amount: number): string {
  const size = Math.abs(amount);
  return `${amount < 0 ? '−' : ''}$${size !== 0 && size < 1 ? size.toFixed(4) : size.toFixed(2)}`;
}

const markedUsdText = (amount: number, isEstimated: boolean): string => `${isEstimated ? '~' : ''}${usdText(amount)}`;

/** '$0.0121', '~$0.0121' when a part is estimated, 'unpriced', or '$0.0121 + unpriced'. */
export function totalText({ usd, unpricedCalls, estimatedCalls = 0 }: Total): string {
  const amount = markedUsdText(Number(usd), estimatedCalls > 0);
  if (unpricedCalls === 0) return amount;
  return Number(usd) === 0 ? 'unpriced' : `${amount} + unpriced`;
}

interface Total {
  readonly usd: string;
  readonly unpricedCalls: number;
  readonly estimatedCalls?: number | undefined;
}

/** '$0.0121', '~$0.0121', 'unpriced' for a model call; '' for any other span. */
export function callCostText(span: { readonly kind: string; readonly costUsd: number | null; readonly isEstimated: boolean }): string {
  if (span.kind !== 'model') return '';
  return span.costUsd === null ? 'unpriced' : markedUsdText(span.costUsd, span.isEstimated);
}

/** 1,830 · 45.2k · 1.2M */
export function countText(count: number): string {
  if (count < 10_000) return count.toLocaleString('en-US');
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}

/** Local time of day, with seconds. */
export function timeText(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** `1 file`, `3 files`. */
export const plural = (count: number, one: string, many = `${one}s`): string => `${countText(count)} ${count === 1 ? one : many}`;
