import type { ApproveMode, LandMode } from '../../core/model/runSpec.ts';

/** What `reactor init` has asked or found; null or left out where there is no answer. */
export interface InitAnswers {
  readonly test: string | null;
  readonly setup?: string | null;
  readonly include?: readonly string[];
  readonly model?: string | null;
  readonly approve?: ApproveMode;
  readonly land?: LandMode;
  readonly perRunUsd?: string | null;
}

const isPlain = (text: string): boolean =>
  /^(?:[A-Za-z]|\.[A-Za-z])[\w./*@+&|$-]*(?: [\w./*@+&|$-]+)*$/.test(text) && !/^(?:true|false|null|\.inf|\.nan)$/i.test(text);

/** Text as YAML: as it stands where it can't be taken for anything else, else as JSON, which is YAML too and always one line. */
const yamlText = (text: string): string => (isPlain(text) ? text : JSON.stringify(text));

type Value = string | readonly string[];

const yamlSetting = (name: string, value: Value): string =>
  typeof value === 'string' ? `${name}: ${yamlText(value)}` : [`${name}:`, ...value.map((item) => `  - ${yamlText(item)}`)].join('\n');

/** One setting: as answered, or commented out with an example. */
function setting(comment: string, name: string, value: Value | null | undefined, example: Value): string {
  const answered = (typeof value === 'string' ? value.trim() : (value ?? '')).length > 0;
  const text = yamlSetting(name, answered ? (value ?? example) : example);
  return `# ${comment}\n${answered ? text : text.replace(/^/gm, '# ')}\n`;
}

/** Text of a fresh reactor.yaml, with what can be changed later as comments. `ProjectConfig` reads it back as answered. */
export const initConfigText = (answers: InitAnswers): string =>
  [
    '# Settings of Reactor for this folder. Every one may be left out.\nversion: 1\n',
    setting('Decides whether a change is good: it must end with exit code 0.', 'test', answers.test, 'npm test'),
    setting('Prepares each new worktree, before anything else runs in it.', 'setup', answers.setup, 'npm ci'),
    setting('Files that git ignores but the work needs; copied into each worktree.', 'include', answers.include, ['.env*']),
    setting('provider/model; by default the one of your OpenCode configuration.', 'model', answers.model, 'anthropic/claude-sonnet-4-5'),
    setting(
      'Who decides on a green change: ask (you review it), auto (the tests alone) or never (it waits).',
      'approve',
      answers.approve,
      'ask',
    ),
    setting(
      'Where it goes: ff (fast-forward your branch), merge (with a merge commit) or branch (its own branch).',
      'land',
      answers.land,
      'ff',
    ),
    '# How often an agent may try, and for how long.\n# attempts: 3\n# timeout: 30m\n# testTimeout: 10m\n',
    budget(answers.perRunUsd ?? null),
    '# What agents may do beyond the worktree and its tools; the last rule that matches wins.\n# permissions:\n#   - permission: webfetch\n#     pattern: https://docs.example.com/*\n#     action: allow\n',
  ].join('\n');

const budget = (perRunUsd: string | null): string =>
  perRunUsd === null || perRunUsd === ''
    ? '# Most that one run may cost, in US dollars.\n# budgets:\n#   perRunUsd: 2.50\n'
    : `# Most that one run may cost, in US dollars.\nbudgets:\n  ${yamlSetting('perRunUsd', perRunUsd)}\n`;
