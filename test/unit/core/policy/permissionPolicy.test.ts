import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { PermissionRule } from '../../../../src/core/model/permissionRule.ts';
import { decidePermission, defaultPermissions, effectivePermissions } from '../../../../src/core/policy/permissionPolicy.ts';
import { SeededRandom } from '../../../support/seededRandom.ts';

const rule = (permission: string, pattern: string, action: PermissionRule['action']): PermissionRule => ({ permission, pattern, action });
const ask = (permission: string, ...patterns: string[]) => ({ permission, patterns });

describe('the default permissions', () => {
  it('allow inside the worktree, deny outside it, ask for the rest', () => {
    const named = ['read', 'edit', 'write', 'bash', 'glob', 'grep', 'list', 'todowrite', 'todoread', 'task', 'lsp', 'skill', 'question'];
    const others = [
      'external_directory',
      'doom_loop',
      'webfetch',
      'websearch',
      'codesearch',
      'plan_exit',
      'mcp_github_create_issue',
      'reader',
      '',
    ];
    const decided = (names: readonly string[]) =>
      Object.fromEntries(names.map((name) => [name, decidePermission(defaultPermissions, ask(name, 'src/a.ts'))]));
    assert.deepEqual(decided(named), Object.fromEntries(named.map((name) => [name, 'allow'])));
    assert.deepEqual(decided(others), {
      external_directory: 'deny',
      doom_loop: 'deny',
      webfetch: 'ask',
      websearch: 'ask',
      codesearch: 'ask',
      plan_exit: 'ask',
      mcp_github_create_issue: 'ask',
      reader: 'ask',
      '': 'ask',
    });
  });
});

describe('decidePermission', () => {
  const rules = effectivePermissions(
    [
      rule('bash', 'git push*', 'deny'),
      rule('bash', 'rm *', 'ask'),
      rule('webfetch', 'https://docs.example.com/*', 'allow'),
      rule('edit', '*.lock', 'deny'),
    ],
    [rule('bash', 'rm build', 'allow')],
  );

  it('follows the last rule that matches', () => {
    const asks = [
      ask('bash', 'npm test'),
      ask('bash', 'git push --force'),
      ask('bash', 'git pushx'),
      ask('bash', 'rm -rf /'),
      ask('bash', 'rm build'),
      ask('bash', 'rm\nx'),
      ask('webfetch', 'https://docs.example.com/a/b?c'),
      ask('webfetch', 'https://docs.example.com.evil.net/'),
      ask('edit', 'deep/in/yarn.lock'),
    ];
    assert.deepEqual(
      asks.map((one) => decidePermission(rules, one)),
      ['allow', 'deny', 'deny', 'ask', 'allow', 'allow', 'allow', 'ask', 'deny'],
    );
  });

  it('takes the strictest decision when several things are asked for at once', () => {
    assert.deepEqual(
      [
        decidePermission(rules, ask('bash', 'npm test', 'rm x')),
        decidePermission(rules, ask('bash', 'rm x', 'git push', 'npm test')),
        decidePermission(rules, ask('bash', 'npm test', 'npm run build')),
      ],
      ['ask', 'deny', 'allow'],
    );
  });

  it('decides an ask without a pattern by the rules for everything', () => {
    assert.deepEqual(
      [
        decidePermission(rules, ask('bash')),
        decidePermission(rules, ask('webfetch')),
        decidePermission([rule('bash', 'git *', 'allow')], ask('bash')),
      ],
      ['allow', 'ask', 'ask'],
    );
  });

  it('asks when no rule matches', () => {
    assert.equal(decidePermission([], ask('read', 'a')), 'ask');
  });

  it('never gets laxer by one more thing asked for, nor by one more denying rule', () => {
    const random = new SeededRandom(3);
    const strictness = { allow: 0, ask: 1, deny: 2 };
    const wrong: string[] = [];
    for (let round = 0; round < 2000; round += 1) {
      const some = Array.from({ length: random.below(6) }, () =>
        rule(random.pick(['*', 'bash', 'b*', 'edit']), random.text('ab*?', 4) || '*', random.pick(['allow', 'ask', 'deny'])),
      );
      const patterns = Array.from({ length: 1 + random.below(3) }, () => random.text('ab', 4));
      const before = strictness[decidePermission(some, { permission: 'bash', patterns })];
      const more = strictness[decidePermission(some, { permission: 'bash', patterns: [...patterns, random.text('ab', 4)] })];
      const denied =
        strictness[decidePermission([...some, rule('bash', random.text('ab*', 3) || '*', 'deny')], { permission: 'bash', patterns })];
      if (more < before || denied < before) wrong.push(JSON.stringify({ some, patterns }));
    }
    assert.deepEqual(wrong, []);
  });
});
