import type { z } from 'zod';
import { nearest } from '../../base/nearest.ts';

const MAX_SHOWN = 60;

/** A value as it may stand in a message: quoted, on one line, cut. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a group of settings';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of settings',
};

/**
 * What is wrong with a value, as a phrase that follows the name of the setting. For `error` of zod's `safeParse`; messages of
 * the schema itself come before it.
 */
export function settingPhrase(issue: z.core.$ZodRawIssue): string | undefined {
  const { input } = issue;
  switch (issue.code) {
    case 'invalid_type': {
      if (input === undefined) return 'is missing';
      const quotes = issue.expected === 'string' && typeof input !== 'object' ? '; put it in quotes' : '';
      return `must be ${kinds[issue.expected] ?? issue.expected}, not ${shown(input)}${quotes}`;
    }
    case 'invalid_value': {
      if (input === undefined) return 'is missing';
      const values = issue.values.map(String);
      const near = typeof input === 'string' ? nearest(input, values) : null;
      const rule = values.length === 1 ? `must be ${values[0]}` : `must be one of ${values.join(', ')}`;
      return `${rule}, not ${shown(input)}${near === null ? '' : `; did you mean ${JSON.stringify(near)}?`}`;
    }
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty';
      if (issue.origin === 'array') return 'must not be an empty list';
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}, not ${shown(input)}`;
    case 'too_big':
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}, not ${shown(input)}`;
    default:
      return undefined;
  }
}
