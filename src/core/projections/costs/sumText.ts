import type { CostSum } from './costSum.ts';
import { type Currency, moneyText, usDollars } from './currency.ts';

/** Calls were made, and none of them has a known price: there is no amount to speak of. */
export const isUnpriced = ({ usd, unpricedCalls }: Pick<CostSum, 'usd' | 'unpricedCalls'>): boolean =>
  unpricedCalls > 0 && Number(usd) === 0;

/** '$0.0121', '~$0.0121' when a part is worked out, 'unpriced', '$0.0121 + unpriced'; '–' where no call was made. */
export function sumText(sum: Pick<CostSum, 'usd' | 'calls' | 'estimatedCalls' | 'unpricedCalls'>, currency: Currency = usDollars): string {
  if (sum.calls === 0) return '–';
  if (isUnpriced(sum)) return 'unpriced';
  const amount = `${sum.estimatedCalls > 0 ? '~' : ''}${moneyText(sum.usd, currency)}`;
  return sum.unpricedCalls > 0 ? `${amount} + unpriced` : amount;
}
