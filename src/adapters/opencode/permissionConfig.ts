import type { PermissionRule } from '../../core/model/permissionRule.ts';

type Action = PermissionRule['action'];
/** Permissions of the agent server that are not `allow` unless it is told so. */
const ASKED_BY_DEFAULT = ['external_directory', 'doom_loop', 'read'];
/** Never a plain `deny` in the server: a refusal there would go unseen and unrecorded. */
const NEVER_HIDDEN = new Set(['external_directory', 'doom_loop', '*']);

/**
 * What the server may decide alone. `allow` only where the rules allow whatever the pattern; a tool that is denied whatever the
 * pattern is not offered to the model at all; everything else asks, so that each answer is given, and recorded, on our side.
 */
export function compilePermissions(rules: readonly PermissionRule[]): Readonly<Record<string, Action>> {
  const named = rules.map((rule) => rule.permission).filter((name) => name !== '*');
  const everything = actionFor('*', rules);
  const compiled: Record<string, Action> = {};
  // A leading `*: allow` is the server's default, and said again it would overrule what its own agents forbid themselves (plan).
  if (everything !== null && everything !== 'allow') compiled['*'] = everything;
  for (const name of new Set([...ASKED_BY_DEFAULT, ...named])) {
    const action = actionFor(name, rules);
    if (action === null || (action === 'allow' && everything === 'allow' && !ASKED_BY_DEFAULT.includes(name))) continue;
    compiled[name] = action;
  }
  return compiled;
}

/** Null when no rule speaks about it. */
function actionFor(permission: string, rules: readonly PermissionRule[]): Action | null {
  let action: Action | null = null;
  for (const rule of rules) {
    if (rule.permission !== '*' && rule.permission !== permission) continue;
    if (rule.pattern === '*') action = rule.action === 'deny' && NEVER_HIDDEN.has(permission) ? 'ask' : rule.action;
    else if (rule.action !== action) action = 'ask';
  }
  return action;
}

/** The refusals in a permission setting of the user's own agent; what it allows is for the run's rules to say. */
export function onlyDenials(permission: unknown): unknown {
  if (permission === 'deny') return 'deny';
  if (typeof permission !== 'object' || permission === null || Array.isArray(permission)) return undefined;
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(permission)) {
    const inner: unknown = onlyDenials(value);
    if (inner !== undefined) kept[key] = inner;
  }
  return Object.keys(kept).length > 0 ? kept : undefined;
}
