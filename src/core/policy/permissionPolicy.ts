import type { PermissionRule } from '../model/permissionRule.ts';
import { UNSANDBOXED } from '../model/sandboxSpec.ts';
import { NETWORK } from './networkPolicy.ts';
import { matchesWildcard } from './wildcard.ts';

const allow = (permission: string): PermissionRule => ({ permission, pattern: '*', action: 'allow' });
const deny = (permission: string): PermissionRule => ({ permission, pattern: '*', action: 'deny' });

/**
 * What holds before any rule of a person: work inside the worktree is allowed, leaving it is denied, so is repeating the same
 * call without end; anything else (the network, tools of MCP servers, what is not known yet) is for a person to decide.
 * `question` is allowed because a question is itself put to a person.
 */
export const defaultPermissions: readonly PermissionRule[] = [
  { permission: '*', pattern: '*', action: 'ask' },
  ...['read', 'edit', 'write', 'bash', 'glob', 'grep', 'list', 'todo*', 'task', 'lsp', 'skill', 'question'].map(allow),
  deny('external_directory'),
  deny('doom_loop'),
];

export type PermissionDecision = PermissionRule['action'];

const byStrictness: readonly PermissionDecision[] = ['deny', 'ask', 'allow'];

/** Defaults first, then what the project says, then what persons granted to this run: later ones win. */
export const effectivePermissions = (configured: readonly PermissionRule[], granted: readonly PermissionRule[] = []): PermissionRule[] => [
  ...defaultPermissions,
  ...configured,
  ...granted.filter(({ permission }) => permission !== UNSANDBOXED && permission !== NETWORK),
];

/**
 * Decides one ask. For each thing asked for, the last rule that matches counts, and `ask` when none does; of several things
 * the strictest decision holds. An ask that does not say what it is for is decided by the rules for everything alone.
 */
export function decidePermission(
  rules: readonly PermissionRule[],
  ask: { readonly permission: string; readonly patterns: readonly string[] },
): PermissionDecision {
  const subjects = ask.patterns.length > 0 ? ask.patterns : [''];
  const named = rules.filter((rule) => matchesWildcard(rule.permission, ask.permission));
  const decisions = new Set(subjects.map((subject) => named.findLast((rule) => matchesWildcard(rule.pattern, subject))?.action ?? 'ask'));
  return byStrictness.find((decision) => decisions.has(decision)) ?? 'ask';
}
