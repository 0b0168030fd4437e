import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { compilePermissions, onlyDenials } from '../../../../src/adapters/opencode/permissionConfig.ts';
import type { PermissionRule } from '../../../../src/core/model/permissionRule.ts';

const rules = (...lines: readonly string[]): PermissionRule[] =>
  lines.map((line) => {
    const [permission = '', pattern = '', action = ''] = line.split(' ');
    return PermissionRuleOf(permission, pattern, action);
  });
const PermissionRuleOf = (permission: string, pattern: string, action: string): PermissionRule => {
  if (action !== 'allow' && action !== 'ask' && action !== 'deny') throw new Error(action);
  return { permission, pattern, action };
};

describe('permissions given to the agent server', () => {
  for (const [name, given, expected] of [
    ['nothing is said', [], {}],
    ['all is allowed', ['* * allow'], { external_directory: 'allow', doom_loop: 'allow', read: 'allow' }],
    ['all is to be asked', ['* * ask'], { '*': 'ask', external_directory: 'ask', doom_loop: 'ask', read: 'ask' }],
    ['all is denied, which must be seen', ['* * deny'], { '*': 'ask', external_directory: 'ask', doom_loop: 'ask', read: 'deny' }],
    ['a tool is denied altogether', ['webfetch * deny'], { webfetch: 'deny' }],
    ['leaving the worktree is denied, which must be recorded', ['external_directory * deny'], { external_directory: 'ask' }],
    ['a pattern is denied after all was allowed', ['bash * allow', 'bash rm* deny'], { bash: 'ask' }],
    ['a pattern is allowed after all was denied', ['bash * deny', 'bash ls* allow'], { bash: 'ask' }],
    ['the last word allows all', ['bash rm* deny', 'bash * allow'], { bash: 'allow' }],
    ['a pattern says the same again', ['edit * allow', 'edit src/* allow'], { edit: 'allow' }],
    [
      'a rule for everything follows one for a tool',
      ['bash * deny', '* * allow'],
      { external_directory: 'allow', doom_loop: 'allow', read: 'allow' },
    ],
    [
      'a pattern for everything is denied',
      ['* * allow', '* secret* deny'],
      { '*': 'ask', external_directory: 'ask', doom_loop: 'ask', read: 'ask' },
    ],
  ] satisfies [string, string[], Record<string, string>][]) {
    it(`when ${name}`, () => assert.deepEqual(compilePermissions(rules(...given)), expected));
  }

  it('keeps of an agent’s own permissions only what they deny', () => {
    assert.deepEqual(onlyDenials({ '*': 'allow', edit: 'deny', bash: { '*': 'ask', 'rm *': 'deny' }, read: { '*': 'allow' } }), {
      edit: 'deny',
      bash: { 'rm *': 'deny' },
    });
    assert.deepEqual(
      [onlyDenials('allow'), onlyDenials('deny'), onlyDenials(undefined), onlyDenials({ a: 'allow' })],
      [undefined, 'deny', undefined, undefined],
    );
  });
});
