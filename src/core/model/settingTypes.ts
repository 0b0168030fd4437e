import { z } from 'zod';
import { durationPattern, durationRule, parseDuration } from './duration.ts';
import { addUsd, Usd, usdFromNumber, zeroUsd } from './usd.ts';

/*
 * Kinds of values in reactor.yaml. What they say about a wrong value is a phrase that follows the setting's name:
 * '"timeout" must be …'.
 */

/** Duration text; becomes milliseconds. */
export const durationSetting = (description: string) =>
  z
    .string({ error: durationRule })
    .transform((text, context) => {
      const parsed = parseDuration(text);
      if (parsed.ok) return parsed.value;
      context.addIssue({ code: 'custom', message: parsed.error });
      return z.NEVER;
    })
    .meta({ description, pattern: durationPattern.source, examples: ['30m', '90s', '1h30m', '500ms'] });

const MAX_USD = 1_000_000_000;
const dollarsRule = 'must be an amount in US dollars, such as 5 or 0.50';
const dollarsError = ({ input }: { readonly input?: unknown }): string => (input === undefined ? 'is missing' : dollarsRule);

function dollars(value: number | string): Usd | null {
  if (typeof value === 'string') return Usd.safeParse(value).success && Number(value) >= 0 ? addUsd(zeroUsd, value) : null;
  return value >= 0 && value <= MAX_USD ? usdFromNumber(value) : null;
}

/** An amount of US dollars, as a number or as decimal text; becomes exact decimal text. */
export const dollarsSetting = (description: string) =>
  z
    .union([z.number(), z.string()], { error: dollarsError })
    .transform((value, context): Usd => {
      const amount = dollars(value);
      if (amount !== null) return amount;
      context.addIssue({ code: 'custom', message: dollarsRule });
      return z.NEVER;
    })
    .meta({ description, examples: [5, '0.50'] });

/** Text on one or more lines with something in it. */
export const textSetting = (description: string) =>
  z
    .string()
    .refine((text) => text.trim() !== '', 'must not be empty')
    .describe(description);

export const modelPattern = /^[^\s/]+\/\S+$/;
export const modelRule = 'must name provider and model, such as anthropic/claude-sonnet-4-5';
export const modelSetting = (description: string) =>
  z
    .string()
    .regex(modelPattern, modelRule)
    .meta({ description, examples: ['anthropic/claude-sonnet-4-5'] });

/** Name of a branch, or of anything git can resolve to a commit. */
export const refSetting = (description: string) =>
  z
    .string()
    .regex(/^[^\s-][^\s]*$/, 'must be the name of a branch, without spaces')
    .describe(description);

/** Globs of files, relative to the checkout. */
export const globsSetting = (description: string) =>
  z
    .array(
      z
        .string()
        .min(1)
        .refine(
          (glob) => !/^([/~]|[A-Za-z]:[/\\])|(^|[/\\])\.\.([/\\]|$)/.test(glob),
          'must stay inside the repository: no absolute path and no ".."',
        ),
    )
    .describe(description);

export const countSetting = (description: string, min: number, max: number) => z.number().int().min(min).max(max).describe(description);

/** A count that can be left without an end. */
export const limitSetting = (description: string, min: number, max: number) =>
  z
    .union([z.number().int().min(min).max(max), z.literal('none')], { error: `must be a whole number from ${min} to ${max}, or none` })
    .describe(`${description} none for no limit.`);
