import type { CostSum } from './costSum.ts';
import { type Currency, moneyText, usDollars } from './currency.ts';

/** '$0.0121', '~$0.0121' when a part is worked out, 'unpriced', '$0.0121 + unpriced'; '–' where no call was made. */
export function sumText(sum: Pick<CostSum, 'usd' | 'calls' | 'estimatedCalls' | 'unpricedCalls'>, currency: Currency = usDollars): string {
  if (sum.calls === 0) return '–';
  if (sum.unpricedCalls > 0 && Number(sum.usd) === 0) return 'unpriced';
  const amount = `${sum.estimatedCalls > 0 ? '~' : ''}${moneyText(sum.usd, currency)}`;
  return sum.unpricedCalls > 0 ? `${amount} + unpriced` : amount;
}
