import { type Currency, limitText, moneyText } from '../../../src/core/projections/costs/currency.ts';
import { isUnpriced, sumText } from '../../../src/core/projections/costs/sumText.ts';
import type { CostReportShape } from '../../../src/protocol/panelShapes.ts';
import { timeText } from '../ui/format.ts';

type Burn = CostReportShape['burn'];

/** '$3.12', '$3.12 + unpriced', 'unpriced'; '$0.00' before the first call. */
export const spentText = (spent: Burn['spent'], currency: Currency): string =>
  spent.calls === 0 ? moneyText('0', currency) : sumText(spent, currency);

/** '$3.12 spent of $10.00', '$3.12 spent, no limit for the day'. */
export const burnSpentText = ({ spent, budgetUsd }: Burn, currency: Currency): string =>
  `${spentText(spent, currency)} spent${budgetUsd === null ? ', no limit for the day' : ` of ${limitText(budgetUsd, currency)}`}`;

/** What had been spent by a moment in which there had been calls. */
export const pointText = ({ usd, unpricedCalls }: Burn['points'][number], currency: Currency): string =>
  isUnpriced({ usd: String(usd), unpricedCalls }) ? 'unpriced' : `${moneyText(usd, currency)}${unpricedCalls > 0 ? ' + unpriced' : ''}`;

/** '$1.20 an hour, $10.00 reached at about 14:20'. */
export function burnRateText({ spent, perHourUsd, projectedUsd, reachedAt, budgetUsd }: Burn, currency: Currency): string {
  const money = (usd: string) => moneyText(usd, currency);
  if (perHourUsd === null || projectedUsd === null) return `nothing${spent.unpricedCalls > 0 ? ' that has a price' : ''} in the last hour`;
  const isUsedUp = budgetUsd !== null && Number(spent.usd) >= Number(budgetUsd);
  const end =
    reachedAt === null || budgetUsd === null
      ? `${money(projectedUsd)} by midnight at this rate`
      : isUsedUp
        ? 'used up'
        : `${limitText(budgetUsd, currency)} reached at about ${timeText(reachedAt).slice(0, 5)}`;
  return `${money(perHourUsd)} an hour, ${end}`;
}
