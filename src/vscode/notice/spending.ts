import { costText, type Usd, usdToNumber } from '../../core/model/usd.ts';
import type { Spending } from '../../core/projections/daySpending.ts';

/** '$3.12 / $10.00 today', '$3.12 today', 'unpriced today'. */
export const spendingText = ({ total }: Spending, limit: Usd | null): string =>
  `${costText(total)}${limit === null ? '' : ` / $${usdToNumber(limit).toFixed(2)}`} today`;

/** Share of the limit that is used, from 0; null without a limit. */
export const shareOf = ({ total }: Spending, limit: Usd | null): number | null => {
  const most = limit === null ? 0 : usdToNumber(limit);
  return most > 0 ? usdToNumber(total.usd) / most : null;
};
