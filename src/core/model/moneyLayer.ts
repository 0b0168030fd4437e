import type { EditorMoney } from './moneySettings.ts';

/**
 * Settings of a reactor.yaml as written, filled up with those of an editor: each budget and the currency where the file names none. Of the
 * prices the file's come last, so that of two for one model and day its own holds. The one place where the two are merged.
 * @param written what the file holds; anything but an object is returned as it is
 */
export function overMoney(written: unknown, editor: EditorMoney): unknown {
  if (!isObject(written)) return written;
  const { budgets, prices } = written;
  return {
    ...(editor.currency === undefined ? {} : { currency: editor.currency }),
    ...written,
    ...(editor.budgets === undefined ? {} : { budgets: { ...editor.budgets, ...(isObject(budgets) ? budgets : {}) } }),
    ...(editor.prices === undefined ? {} : { prices: [...editor.prices, ...(Array.isArray(prices) ? prices : [])] }),
  };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
