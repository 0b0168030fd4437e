import { addTokens, noTokens } from '../core/model/tokens.ts';
import { addUsd, type Usd, zeroUsd } from '../core/model/usd.ts';
import type { Charge } from '../core/money/charge.ts';
import type { FinishedMessage } from '../core/ports/agent.ts';

/** A message as the journal keeps it: with the sums of its charges. */
export function journaledMessage(message: FinishedMessage, charges: readonly Charge[]) {
  const { operation: _operation, calls: _calls, facts: _facts, tools, ...rest } = message;
  const tokens = charges.reduce((sum, charge) => addTokens(sum, charge.tokens), noTokens);
  const costUsd = charges.reduce<Usd | null>(
    (sum, charge) => (sum === null || charge.costUsd === null ? null : addUsd(sum, charge.costUsd)),
    zeroUsd,
  );
  const isEstimated = charges.some(({ estimated }) => estimated);
  return { ...rest, tokens, costUsd, ...(isEstimated ? { estimated: true as const } : {}), tools: [...tools] };
}
