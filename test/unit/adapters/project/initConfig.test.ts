import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { initConfigText } from '../../../../src/adapters/project/initConfig.ts';
import { parseSettings } from '../../../../src/adapters/project/parseSettings.ts';
import { defaultConfig, ProjectConfig } from '../../../../src/core/model/projectConfig.ts';
import { SeededRandom } from '../../../support/seededRandom.ts';

const read = (text: string): ProjectConfig => parseSettings(ProjectConfig, text, 'reactor.yaml');
const uncommented = (text: string): string => text.replace(/^# ?(?=[A-Za-z]+:| {2})/gm, '');

describe('a fresh reactor.yaml', () => {
  it('reads as answered', () => {
    assert.equal(
      initConfigText({ test: 'npm test', approve: 'auto' }),
      `# Settings of Reactor for this folder. Every one may be left out.
version: 1

# Decides whether a change is good: it must end with exit code 0.
test: npm test

# Prepares each new worktree, before anything else runs in it.
# setup: npm ci

# Files that git ignores but the work needs; copied into each worktree.
# include:
#   - .env*

# provider/model; by default the one of your OpenCode configuration.
# model: anthropic/claude-sonnet-4-5

# Who decides on a green change: ask (you review it), auto (the tests alone) or never (it waits).
approve: auto

# Where it goes: ff (fast-forward your branch), merge (with a merge commit) or branch (its own branch).
# land: ff

# How often an agent may try, and for how long.
# attempts: 3
# timeout: 30m
# testTimeout: 10m

# Most that one run may cost, in US dollars.
# budgets:
#   perRunUsd: 2.50

# What agents may do beyond the worktree and its tools; the last rule that matches wins.
# permissions:
#   - permission: webfetch
#     pattern: https://docs.example.com/*
#     action: allow
`,
    );
  });

  it('changes nothing while nothing is answered', () => {
    assert.deepEqual(read(initConfigText({ test: null, setup: ' ', include: [], perRunUsd: '' })), { ...defaultConfig(), version: 1 });
  });

  it('has only examples that are right', () => {
    const config = read(uncommented(initConfigText({ test: null })));
    assert.deepEqual(config, {
      ...defaultConfig(),
      version: 1,
      test: 'npm test',
      setup: 'npm ci',
      model: 'anthropic/claude-sonnet-4-5',
      budgets: { ...defaultConfig().budgets, perRunUsd: '2.5' },
      permissions: [{ permission: 'webfetch', pattern: 'https://docs.example.com/*', action: 'allow' }],
    });
  });

  it('keeps any answer, however it is spelled', () => {
    const random = new SeededRandom(5);
    const odd = [
      'yes',
      'TRUE',
      'Null',
      '.inf',
      '.NaN',
      '.5',
      '...',
      '---',
      'a #b',
      'a:',
      'a ',
      '\u2028\u0085\u007f\u0000\uFEFF',
      'true',
      '1',
      '1.5',
      'null',
      '~',
      '- x',
      'a: b',
      '# x',
      '@x',
      '!x',
      '&x',
      '*x',
      '"',
      "'",
      '|',
      '%x',
      'x'.repeat(300),
      'a && b || c; d > "$E"',
      'a\nb',
      'ünï😀',
      ' x ',
      'a\tb',
      '{',
      '=',
      '<<',
    ];
    const wrong: string[] = [];
    for (let round = 0; round < 500; round += 1) {
      const test = odd[round] ?? `x${random.text('ab :#\'"\\\n\t-&*!|>{}[]%@`,?=😀', 30)}`;
      const config = read(initConfigText({ test, setup: test, include: ['.env', 'a: b'], land: 'merge', perRunUsd: '1.25' }));
      const { setup, include, land, budgets } = config;
      const same =
        config.test === test && setup === test && include.join('|') === '.env|a: b' && land === 'merge' && budgets.perRunUsd === '1.25';
      if (!same) wrong.push(JSON.stringify(test));
    }
    assert.deepEqual(wrong, []);
  });
});
