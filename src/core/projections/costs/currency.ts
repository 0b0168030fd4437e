/** How amounts are shown. They are kept in US dollars whatever is shown; ledgers and files for programs always have dollars. */
export interface Currency {
  readonly symbol: string;
  /** What one US dollar is worth. */
  readonly perUsd: number;
}

export const usDollars: Currency = { symbol: '$', perUsd: 1 };

/** '$0.0121', '€3.46', '−$2.00': four places below one, two from there on. @param usd decimal text or a number */
export function moneyText(usd: string | number, { symbol, perUsd }: Currency = usDollars): string {
  const amount = Number(usd) * perUsd;
  const size = Math.abs(amount);
  return `${amount < 0 ? '−' : ''}${symbol}${size !== 0 && size < 0.99995 ? size.toFixed(4) : size.toFixed(2)}`;
}

/** The same for limits, which are mostly round: '$0.50', but '$0.0125'. */
export function limitText(usd: string | number, currency: Currency = usDollars): string {
  const cents = Number(usd) * currency.perUsd * 100;
  const isRound = Math.abs(cents - Math.round(cents)) < 1e-6;
  return isRound ? `${currency.symbol}${(Math.round(cents) / 100).toFixed(2)}` : moneyText(usd, currency);
}

/** Marks of an axis, all with as many places as the closest two need. Values in US dollars. */
export function axisMarks(values: readonly number[], { symbol, perUsd }: Currency): string[] {
  const shown = values.map((value) => value * perUsd);
  const step = Math.abs((shown[1] ?? 0) - (shown[0] ?? 0)) || 1;
  const isExact = (digits: number): boolean => Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-6 * 10 ** digits * step;
  const places = [step >= 1 ? 0 : 2, 3, 4, 5].find(isExact) ?? (step >= 1 ? 2 : 6);
  return shown.map((value) => `${value < 0 ? '−' : ''}${symbol}${Math.abs(value).toFixed(places)}`);
}

/** What stands below amounts that are not in dollars; '' for dollars. */
export const currencyNote = ({ symbol, perUsd }: Currency): string =>
  symbol === '$' && perUsd === 1 ? '' : `Shown in ${symbol} at ${perUsd} per US dollar; what is recorded is in US dollars.`;
