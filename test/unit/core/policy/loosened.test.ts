import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ProjectConfig } from '../../../../src/core/model/projectConfig.ts';
import type { SandboxMode } from '../../../../src/core/model/sandboxSpec.ts';
import { loosenedBy, loosenedText } from '../../../../src/core/policy/loosened.ts';

const by = (document: object, request: object = {}, machine: SandboxMode = 'preferred', entry: object = {}): string[] =>
  loosenedBy({ request, entry, config: ProjectConfig.parse(document), machine });

describe('what a file takes from the boundary', () => {
  it('is what would hold without it', () => {
    assert.deepEqual(by({ sandbox: 'off' }), ['sandbox: off']);
    assert.deepEqual(by({ sandbox: 'preferred' }, {}, 'required'), ['sandbox: preferred']);
    assert.deepEqual(
      by({ unsandboxed: 'allow', files: { read: ['~/.aws'], write: ['/x', '/y'] }, limits: { memoryMb: 'none', processes: 'none' } }),
      ['unsandboxed: allow', 'files.read: ~/.aws', 'files.write: /x, /y', 'limits.memoryMb: none', 'limits.processes: none'],
    );
    assert.deepEqual(by({}, { task: 'T' }, 'preferred', { sandbox: 'off' }), ['tasks.T.sandbox: off']);
  });

  it('is nothing where it tightens, says what holds anyway, or a person asks for something else', () => {
    assert.deepEqual(
      [
        by({}),
        by({ sandbox: 'required', network: 'allowlist', hosts: ['example.org'], limits: { memoryMb: 1000 } }),
        by({ sandbox: 'off' }, {}, 'off'),
        by({ sandbox: 'off' }, { sandbox: 'required' }),
        by({ unsandboxed: 'allow' }, { sandbox: 'required' }),
      ],
      [[], [], [], [], []],
    );
  });

  it('is its list of hosts where a person asked for a list and it has none of theirs', () =>
    assert.deepEqual(by({ hosts: ['example.org'] }, { network: 'allowlist' }), ['hosts: example.org']));

  it('is told in one line', () =>
    assert.equal(
      loosenedText({ file: 'reactor.yaml', settings: ['sandbox: off', 'files.write: /x'] }),
      'reactor.yaml loosens the boundary of cells: sandbox: off; files.write: /x',
    ));
});
