import { z } from 'zod';

/** An amount of US dollars as exact decimal text with at most 12 places, such as '0.0121'. */
export const Usd = z.string().regex(/^-?\d+(\.\d{1,12})?$/);
export type Usd = z.infer<typeof Usd>;

const PLACES = 12;
const SCALE = 10n ** BigInt(PLACES);

/** The amount in units of 10⁻¹² dollars, for long sums. */
export const toScaled = (amount: Usd): bigint => {
  const point = amount.indexOf('.');
  // With a sign in front the digits are read as one number: '-0.5' is -0500000000000.
  return point === -1 ? BigInt(amount) * SCALE : BigInt(amount.slice(0, point) + amount.slice(point + 1).padEnd(PLACES, '0'));
};

export const fromScaled = (scaled: bigint): Usd => {
  const magnitude = scaled < 0n ? -scaled : scaled;
  const fraction = (magnitude % SCALE).toString().padStart(PLACES, '0').replace(/0+$/, '');
  return `${scaled < 0n ? '-' : ''}${magnitude / SCALE}${fraction ? `.${fraction}` : ''}`;
};

const roundedQuotient = (dividend: bigint, divisor: bigint): bigint =>
  dividend < 0n ? -roundedQuotient(-dividend, divisor) : (2n * dividend + divisor) / (2n * divisor);

export const zeroUsd: Usd = '0';
export const addUsd = (a: Usd, b: Usd): Usd => fromScaled(toScaled(a) + toScaled(b));
/** Negative when a < b, 0 when equal, positive when a > b. */
export const compareUsd = (a: Usd, b: Usd): number => {
  const difference = toScaled(a) - toScaled(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};
/** Rounds a binary float, as the agent server reports costs, to 12 decimal places. @throws RangeError when not finite. */
export const usdFromNumber = (amount: number): Usd => {
  if (!Number.isFinite(amount)) throw new RangeError('amount is not finite');
  return fromScaled(toScaled(amount.toFixed(PLACES)));
};
/** Exact for a price of up to six places; further ones are rounded to 12 places of the amount, half up. */
export const perMillionUsd = (tokens: number, perMillion: Usd): Usd =>
  fromScaled(roundedQuotient(toScaled(perMillion) * BigInt(tokens), 1_000_000n));
export const subtractUsd = (a: Usd, b: Usd): Usd => fromScaled(toScaled(a) - toScaled(b));
export const maxUsd = (a: Usd, b: Usd): Usd => (compareUsd(a, b) < 0 ? b : a);
export const minUsd = (a: Usd, b: Usd): Usd => (compareUsd(a, b) < 0 ? a : b);
/** `amount` × numerator ÷ denominator, rounded to 12 places, half up. Both whole, the denominator not nought. */
export const scaleUsd = (amount: Usd, numerator: number, denominator: number): Usd =>
  fromScaled(roundedQuotient(toScaled(amount) * BigInt(Math.round(numerator)), BigInt(Math.round(denominator))));
export const usdToNumber = (amount: Usd): number => Number(amount);

/** A total of which some part may have no price, or be worked out from the length of texts: then how many calls are. */
export const CostTotal = z.object({
  usd: Usd,
  unpricedCalls: z.number().int().nonnegative(),
  estimatedCalls: z.number().int().positive().optional(),
});
export type CostTotal = z.infer<typeof CostTotal>;
export const noCost: CostTotal = { usd: zeroUsd, unpricedCalls: 0 };
export const addCost = (total: CostTotal, cost: Usd | null, isEstimated = false): CostTotal => {
  const sum = isEstimated ? { ...total, estimatedCalls: (total.estimatedCalls ?? 0) + 1 } : total;
  return cost === null ? { ...sum, unpricedCalls: sum.unpricedCalls + 1 } : { ...sum, usd: addUsd(sum.usd, cost) };
};

/** For people: '$0.0121', '~$0.0121' when a part is estimated, 'unpriced', or '$0.0121 + unpriced'. Four places below one dollar, two from there on. */
export const costText = (total: CostTotal): string => {
  const amount = usdToNumber(total.usd);
  const figure = `${(total.estimatedCalls ?? 0) > 0 ? '~' : ''}$${amount !== 0 && Math.abs(amount) < 1 ? amount.toFixed(4) : amount.toFixed(2)}`;
  if (total.unpricedCalls === 0) return figure;
  return compareUsd(total.usd, zeroUsd) === 0 ? 'unpriced' : `${figure} + unpriced`;
};
