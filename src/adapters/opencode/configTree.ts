/** A configuration of the agent server, known only as far as a rule here looks at it. */
export type ConfigTree = { readonly [key: string]: unknown };

export const isTree = (value: unknown): value is ConfigTree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Lists that add up over several files; everywhere else the later value replaces the earlier one. */
const ADDING = new Set(['instructions', 'plugin']);

/** Deep merge in the order the agent server itself uses: what comes later wins, objects are merged key by key. */
export function mergeConfig(base: ConfigTree, over: ConfigTree): ConfigTree {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    if (isTree(before) && isTree(value)) merged[key] = mergeConfig(before, value);
    else if (ADDING.has(key) && Array.isArray(before) && Array.isArray(value)) merged[key] = [...new Set([...before, ...value])];
    else if (value !== undefined) merged[key] = value;
  }
  return merged;
}

/** The tree with every text in it replaced. */
export function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (isTree(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, change)]));
  return value;
}
