import { z } from 'zod';

/** What kind of work a task is, for sums and estimates: one of `derivedCategories`, or a person's own word. */
export const Category = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be one word of small letters, digits and dashes, 32 at most, such as fix or billing');
export type Category = z.infer<typeof Category>;

/** What can come of a title alone. */
export const derivedCategories = ['feature', 'fix', 'test', 'docs', 'refactor', 'performance', 'chore', 'other'] as const;
type Derived = (typeof derivedCategories)[number];

/** Types of Conventional Commits 1.0.0 and of the Angular convention it refers to. */
const conventional: Readonly<Record<string, Derived>> = {
  feat: 'feature',
  fix: 'fix',
  test: 'test',
  docs: 'docs',
  refactor: 'refactor',
  style: 'refactor',
  perf: 'performance',
  build: 'chore',
  ci: 'chore',
  chore: 'chore',
  revert: 'chore',
};

const verbs: readonly (readonly [Derived, RegExp])[] = [
  ['fix', /^(fix|fixes|repair|correct|resolve|handle|prevent|avoid|stop|debug|patch|hotfix)$/],
  ['docs', /^(document|describe|explain|docs?)$/],
  ['test', /^(test|cover)$/],
  ['refactor', /^(refactor|rename|extract|inline|move|split|merge|simplify|clean|tidy|restructure|reorganise|reorganize|rewrite|format)$/],
  ['performance', /^(speed|optimise|optimize|accelerate|cache|profile)$/],
  ['chore', /^(bump|upgrade|downgrade|pin|release|configure|migrate)$/],
];
const makes = /^(add|write|create|make|implement|build|introduce|support|allow|let|extend|improve|update|change)$/;
const things: readonly (readonly [Derived, RegExp])[] = [
  ['test', /^(tests?|specs?|coverage|fixtures?)$/],
  ['docs', /^(docs?|documentation|readme|changelog|docstrings?|comments?|guide|tutorial)$/],
  ['fix', /^(bugs?|crash|crashes|regression|typos?|leak|race|broken|wrong|fails?|failing|errors?)$/],
  ['performance', /^(performance|faster|slow|latency|throughput|benchmarks?)$/],
  ['chore', /^(dependency|dependencies|deps|ci|pipeline|workflow|lockfile|version)$/],
  ['refactor', /^(refactoring|cleanup|duplication)$/],
];

const first = (rules: readonly (readonly [Derived, RegExp])[], words: readonly string[]): Derived | null => {
  for (const word of words) for (const [category, pattern] of rules) if (pattern.test(word)) return category;
  return null;
};

/**
 * The category that a title suggests: a prefix such as `fix:` or `feat(api):`, else its first word when that is a verb that tells
 * (fix, document, refactor, …); a verb that makes something (add, write, …) is judged by what is made; else by words such as bug or
 * README. `other` when nothing tells.
 */
export function categoryOfTitle(title: string): Category {
  const prefix = /^([a-z]+)(\([^)]*\))?!?:/i.exec(title.trim())?.[1]?.toLowerCase();
  if (prefix !== undefined && Object.hasOwn(conventional, prefix)) return conventional[prefix] ?? 'other';
  const words = title.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const verb = words[0] ?? '';
  const said = first(verbs, [verb]);
  if (said !== null) return said;
  // 'Add tests for X' makes tests; 'Add an error page' makes a feature that has to do with errors.
  const made = makes.test(verb) ? first(things.slice(0, 2), words.slice(1, 4)) : first(things, words);
  return made ?? (makes.test(verb) ? 'feature' : 'other');
}

/** What a person said, else what the title suggests. */
export const categoryOf = (task: { readonly category?: Category | undefined; readonly title: string }): Category =>
  task.category ?? categoryOfTitle(task.title);
