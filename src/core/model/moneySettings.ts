import { z } from 'zod';
import type { WrittenPrice } from '../money/priceBook.ts';
import { countSetting, dollarsSetting, textSetting } from './settingTypes.ts';

const shared = {
  perDayUsd: dollarsSetting('Most all runs of a day may cost, in US dollars.').optional(),
  perWeekUsd: dollarsSetting('Most all runs of a week, from Monday, may cost, in US dollars.').optional(),
  perMonthUsd: dollarsSetting('Most all runs of a month may cost, in US dollars.').optional(),
  thresholds: z
    .array(countSetting('Percent of a budget.', 1, 100))
    .describe('Percentages of a budget at which it is told.')
    .default([50, 75, 90, 100]),
  onExceed: z
    .enum(['pause', 'stop', 'warn'])
    .describe('What happens to a run that has used a budget up: pause (it is parked), stop (it ends, its work is kept), warn (it goes on).')
    .default('pause'),
  onRenew: z
    .enum(['ask', 'resume'])
    .describe(
      'What happens when a new day, week or month begins to a run that the budget of the one before has parked: ask (it waits for a person) or resume (it goes on by itself).',
    )
    .default('ask'),
  unpriced: z
    .enum(['allow', 'ask', 'deny'])
    .describe('Whether a model without a known price may work where a budget holds: allow, ask (a person decides) or deny.')
    .default('allow'),
  notificationUrl: z
    .url({ protocol: /^https?$/, error: 'must be an http or https address' })
    .describe('Address that gets a POST when a share of a budget has been used or a budget is used up.')
    .optional(),
  notificationSecretEnv: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
    .describe('Environment variable that holds the secret with which notifications are signed (HMAC-SHA256).')
    .optional(),
};

/** The section `budgets` of reactor.yaml. */
export const Budgets = z.strictObject({
  perRunUsd: dollarsSetting('Most one run may cost, in US dollars.').optional(),
  perTaskUsd: dollarsSetting('Most one task may cost over all its runs, in US dollars.').optional(),
  ...shared,
});
export type Budgets = z.output<typeof Budgets>;

const rates = {
  input: dollarsSetting('US dollars per million tokens of input.'),
  output: dollarsSetting('US dollars per million tokens of output.'),
  reasoning: dollarsSetting('US dollars per million tokens of reasoning; as output when left out.').optional(),
  cacheRead: dollarsSetting('US dollars per million tokens read from a cache; as input when left out.').optional(),
  cacheWrite: dollarsSetting('US dollars per million tokens written to a cache; as input when left out.').optional(),
};

const Price = z
  .strictObject({
    model: z
      .string()
      .regex(/^[^\s/]+\/\S+$/, 'must name provider and model, such as anthropic/claude-sonnet-4-5 or openai/*')
      .describe('Model as provider/model; * stands for anything.'),
    from: z.iso.date('must be a day such as 2026-01-31').describe('First day on which the price holds. Always when left out.').optional(),
    ...rates,
    tiers: z
      .array(z.strictObject({ aboveTokens: countSetting('Holds for calls with more input than this.', 1, 100_000_000), ...rates }))
      .describe('Prices of calls with a long input, cached tokens included.')
      .default([]),
  })
  .transform(
    ({ model, from, tiers, ...own }): WrittenPrice => ({
      model,
      from: from ?? null,
      ...whole(own),
      tiers: tiers.map(({ aboveTokens, ...rest }) => ({ aboveTokens, ...whole(rest) })),
    }),
  );

const whole = ({
  input,
  output,
  ...rest
}: {
  input: string;
  output: string;
  reasoning?: string | undefined;
  cacheRead?: string | undefined;
  cacheWrite?: string | undefined;
}) => ({
  input,
  output,
  reasoning: rest.reasoning ?? null,
  cacheRead: rest.cacheRead ?? null,
  cacheWrite: rest.cacheWrite ?? null,
});

export const Prices = z
  .array(Price)
  .describe('Prices of models, before those the agent server knows; of several that match, the latest "from".');

export const CurrencySetting = z
  .strictObject({
    symbol: textSetting('What stands before an amount, such as € or CHF.').max(8),
    perUsd: z.number().positive().describe('What one US dollar is worth.'),
  })
  .describe('How costs are shown. Limits, prices and what is recorded stay US dollars.');

/** What an editor's settings say of money for one repository. They hold where its reactor.yaml says nothing: see `overMoney`. */
export const EditorMoney = z.strictObject({
  budgets: Budgets.prefault({}),
  prices: Prices.default([]),
  currency: CurrencySetting.optional(),
});
/** As written, without defaults. */
export type EditorMoney = z.input<typeof EditorMoney>;

/** `budgets.yaml` in Reactor's home: budgets over all repositories of a person, and prices for all of them. */
export const UserMoney = z
  .strictObject({
    budgets: z.strictObject(shared).describe('Bounds for money over all repositories together.').prefault({}),
    prices: Prices.default([]),
  })
  .describe("A person's own budgets and prices, for all repositories.");
export type UserMoney = z.output<typeof UserMoney>;
