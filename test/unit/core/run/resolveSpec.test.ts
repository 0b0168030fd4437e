import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { z } from 'zod';
import { type ConfigDocument, ProjectConfig } from '../../../../src/core/model/projectConfig.ts';
import type { RunRequest } from '../../../../src/core/model/runRequest.ts';
import { RunSpec } from '../../../../src/core/model/runSpec.ts';
import { requestedBase, resolveSpec, type SpecSources, titleOf } from '../../../../src/core/run/resolveSpec.ts';
import { taskRequest } from '../../../../src/core/run/taskRequest.ts';

const base = { commit: 'a'.repeat(40), tree: 'b'.repeat(40) };
const config = (document: z.input<typeof ConfigDocument> = {}) => ProjectConfig.parse(document);
const sources = (more: Partial<SpecSources> = {}, request: Partial<RunRequest> = {}): SpecSources => ({
  request: { prompt: 'Do it', folder: '/repo', ...request },
  config: config(),
  task: 'TASK-001',
  base,
  branch: 'main',
  checkout: '/repo',
  folder: '',
  detectedTest: 'npm test',
  ...more,
});
const settled = (from: SpecSources): RunSpec => {
  const result = resolveSpec(from);
  assert.ok(result.ok, result.ok ? '' : result.error.message);
  return RunSpec.parse(result.value);
};
const refusal = (from: SpecSources) => {
  const result = resolveSpec(from);
  return result.ok ? result.value : result.error;
};

describe('resolveSpec', () => {
  it('settles everything from defaults and what was detected', () => {
    assert.deepEqual(settled(sources()), {
      task: 'TASK-001',
      title: 'Do it',
      prompt: 'Do it',
      folder: '',
      base: base.commit,
      baseTree: base.tree,
      target: 'main',
      checkout: '/repo',
      test: 'npm test',
      setup: null,
      include: ['.env*'],
      agent: null,
      model: null,
      approve: 'ask',
      land: 'ff',
      tcr: 'attempt',
      steps: 'squash',
      landing: { batch: 10, retries: 1, ahead: true },
      attempts: 3,
      testBase: true,
      hooks: false,
      sandbox: {
        mode: 'off',
        unsandboxed: 'ask',
        network: 'open',
        hosts: [],
        read: [],
        write: [],
        limits: { processes: null, openFiles: null, cpus: null, memoryMb: null, diskMb: null, files: null },
      },
      permissions: [],
      limits: {
        stepsPerAttempt: 200,
        callsPerMinute: 120,
        stepsPerRun: 50,
        stallMs: 300_000,
        timeoutMs: 1_800_000,
        testTimeoutMs: 600_000,
        setupTimeoutMs: 600_000,
        budgetUsd: null,
      },
    });
  });

  it('takes the request before the task entry, that before the settings, those before detection', () => {
    const layered = config({
      test: 'config test',
      setup: 'config setup',
      agent: 'configAgent',
      model: 'config/model',
      target: 'config-target',
      attempts: 4,
      timeout: '4m',
      hooks: true,
      permissions: [{ permission: 'bash', pattern: '*', action: 'ask' }],
      tasks: [
        {
          id: 'T',
          prompt: 'entry prompt',
          title: 'Entry',
          test: 'entry test',
          model: 'entry/model',
          attempts: 5,
          timeout: '5m',
          approve: 'auto',
          budgetUsd: 5,
        },
      ],
    });
    const pick = ({ title, prompt, test, setup, agent, model, target, attempts, approve, hooks, permissions, limits }: RunSpec) => ({
      title,
      prompt,
      test,
      setup,
      agent,
      model,
      target,
      attempts,
      approve,
      hooks,
      permissions: permissions.length,
      timeoutMs: limits.timeoutMs,
      budgetUsd: limits.budgetUsd,
    });
    const byRequest = settled(
      sources(
        { config: layered, task: 'T' },
        { task: 'T', test: 'request test', attempts: 6, timeoutMs: 6000, budgetUsd: '6', target: 'refs/heads/asked' },
      ),
    );
    const byConfig = settled(sources({ config: layered, task: 'U' }, { task: 'U' }));
    assert.deepEqual(
      [pick(byRequest), pick(byConfig)],
      [
        {
          title: 'Entry',
          prompt: 'Do it',
          test: 'request test',
          setup: 'config setup',
          agent: 'configAgent',
          model: 'entry/model',
          target: 'asked',
          attempts: 6,
          approve: 'auto',
          hooks: true,
          permissions: 1,
          timeoutMs: 6000,
          budgetUsd: '6',
        },
        {
          title: 'Do it',
          prompt: 'Do it',
          test: 'config test',
          setup: 'config setup',
          agent: 'configAgent',
          model: 'config/model',
          target: 'config-target',
          attempts: 4,
          approve: 'ask',
          hooks: true,
          permissions: 1,
          timeoutMs: 240_000,
          budgetUsd: null,
        },
      ],
    );
  });

  it('does not take an id that was given out for one a person wrote', () => {
    const taken = config({
      tasks: [
        { id: 'TASK-001', prompt: 'x', test: 'other' },
        { prompt: 'x', test: 'nameless' },
      ],
    });
    assert.equal(settled(sources({ config: taken })).test, 'npm test');
  });

  it('lets an empty setup turn the configured one off', () => {
    assert.equal(settled(sources({ config: config({ setup: 'npm ci' }) }, { setup: '' })).setup, null);
  });

  it('takes the smaller of the two budgets', () => {
    const budgets = [{ perRunUsd: 2, perTaskUsd: 10 }, { perRunUsd: '2', perTaskUsd: '1.5' }, { perTaskUsd: 3 }, {}];
    const settledBudgets = budgets.map((some) => settled(sources({ config: config({ budgets: some }) })).limits.budgetUsd);
    assert.deepEqual(settledBudgets, ['2', '1.5', '3', null]);
  });

  it('refuses to start without a test command', () => {
    assert.deepEqual(refusal(sources({ detectedTest: null }, { test: ' ' })), {
      code: 'configuration',
      message: 'No test command is known, and nothing lands untested: the run was not started.',
      actions: ['add --test "COMMAND"', 'set it for good with `test: COMMAND` in reactor.yaml', 'let `reactor init` write reactor.yaml'],
    });
  });

  it('refuses to land on nothing, but not to work on a branch of its own', () => {
    const detached = { branch: null };
    assert.deepEqual(
      [
        refusal(sources(detached)),
        settled(sources(detached, { land: 'branch' })).target,
        settled(sources(detached, { target: 'main' })).target,
        settled(sources({ config: config({ target: 'main' }) }, { land: 'branch' })).target,
      ],
      [
        {
          code: 'configuration',
          message: 'No branch is checked out (HEAD is detached), so there is nothing to land on: the run was not started.',
          actions: [
            'name one with --target BRANCH',
            'check a branch out with `git switch BRANCH`, or end the rebase or bisect if one is under way',
            'leave the commit on a branch of its own with --land branch',
          ],
        },
        null,
        'main',
        null,
      ],
    );
  });

  it('refuses a target where nothing lands, and a model without a provider', () => {
    assert.deepEqual(
      [refusal(sources({ config: config({ land: 'branch' }) }, { target: 'release' })), refusal(sources({}, { model: 'gpt' }))],
      [
        {
          code: 'configuration',
          message: 'A target (release) was given, but with `land: branch` nothing lands: the run was not started.',
          actions: ['add --land ff or --land merge', 'leave --target out'],
        },
        {
          code: 'configuration',
          message: 'The model "gpt" must name provider and model, such as anthropic/claude-sonnet-4-5.',
          actions: ['add --model PROVIDER/MODEL'],
        },
      ],
    );
  });
});

describe('requestedBase', () => {
  it('is the base that was asked for, else the named branch to land on, else HEAD', () => {
    const all = config({ base: 'v1', target: 'release', tasks: [{ id: 'T', prompt: 'x', base: 'entry' }] });
    const some = config({ target: 'release' });
    const request: RunRequest = { prompt: 'x', folder: '/repo' };
    assert.deepEqual(
      [
        requestedBase({ ...request, base: 'asked' }, all),
        requestedBase({ ...request, task: 'T' }, all),
        requestedBase(request, all),
        requestedBase({ ...request, target: 'asked' }, some),
        requestedBase(request, some),
        requestedBase({ ...request, land: 'branch' }, some),
        requestedBase(request, config()),
      ],
      ['asked', 'entry', 'v1', 'asked', 'release', null, null],
    );
  });
});

describe('titleOf', () => {
  it('is the first line with something in it, cut at 72 characters', () => {
    const long = `${'word '.repeat(14)}😀😀😀😀`;
    assert.deepEqual(
      ['Fix it', '\n\n  \r\n  Fix\tit \u001b[31mnow\nand more', `${'x'.repeat(72)}\n`, 'x'.repeat(73), long, ' \n'].map(titleOf),
      ['Fix it', 'Fix it [31mnow', 'x'.repeat(72), `${'x'.repeat(71)}…`, `${'word '.repeat(14)}😀…`, ''],
    );
  });
});

describe('taskRequest', () => {
  it('says what the entry says, for a folder', () => {
    const entries = config({ tasks: [{ id: 'A', prompt: 'x', timeout: '1m', budgetUsd: 2 }, { prompt: 'y' }] }).tasks;
    assert.deepEqual(
      entries.map((entry) => taskRequest(entry, '/repo')),
      [
        { task: 'A', prompt: 'x', timeoutMs: 60_000, budgetUsd: '2', folder: '/repo' },
        { prompt: 'y', folder: '/repo' },
      ],
    );
  });
});
