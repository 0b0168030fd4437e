import type { DomainEvent } from '../../core/journal/events.ts';
import { budgetName } from '../../core/money/limitText.ts';

const spent = ({ spentUsd, estimated }: { readonly spentUsd: string; readonly estimated?: true | undefined }): string =>
  `${estimated === true ? '~' : ''}$${spentUsd}`;

/** What an event about money says, in one line; null for what nobody needs to be told. */
export function moneyText(event: DomainEvent): string | null {
  switch (event.type) {
    case 'budget/threshold':
      return `${event.data.percent} % of ${budgetName(event.data.scope)} is used: ${spent(event.data)} of $${event.data.limitUsd}`;
    case 'budget/exceeded':
      return `${budgetName(event.data.scope)} is used up: ${spent(event.data)} of $${event.data.limitUsd} (${event.data.action})`;
    case 'budget/deferred':
      return `waits for money: ${event.data.reason}`;
    default:
      return null;
  }
}
