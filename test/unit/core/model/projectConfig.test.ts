import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { schemaText, writeSchema } from '../../../../scripts/generateSchema.ts';
import { inputSchema } from '../../../../src/core/model/configSchema.ts';
import { defaultConfig, ProjectConfig } from '../../../../src/core/model/projectConfig.ts';

describe('ProjectConfig', () => {
  it('has these defaults', () => {
    assert.deepEqual(defaultConfig(), {
      include: ['.env*'],
      approve: 'ask',
      land: 'ff',
      tcr: 'attempt',
      steps: 'squash',
      landing: { batch: 10, retries: 1, ahead: true },
      attempts: 3,
      testBase: true,
      hooks: false,
      unsandboxed: 'ask',
      network: 'open',
      files: { read: [], write: [] },
      hosts: [],
      cellLimits: { processes: null, openFiles: null, cpus: null, memoryMb: null, diskMb: null, files: null },
      timeoutMs: 1_800_000,
      testTimeoutMs: 600_000,
      setupTimeoutMs: 600_000,
      secrets: { allow: [] },
      permissions: [],
      limits: { stepsPerAttempt: 200, callsPerMinute: 120, stepsPerRun: 50, stallMs: 300_000 },
      budgets: { thresholds: [50, 75, 90, 100], onExceed: 'pause', onRenew: 'ask', unpriced: 'allow' },
      ports: { from: 8000, to: 9000 },
      prices: [],
      protectedPaths: [],
      health: { everyMs: 200, limitMs: 10_000 },
      cells: { limit: 50, memoryMb: 400, ports: 0, copy: [] },
      retention: { keptRefs: { days: 180, count: 5000, mb: 5000 }, logs: { days: 90, count: 5000, mb: 2000 }, whenIdle: false },
      tasks: [],
    });
  });

  it('knows limits of a cell that are set, by default and without an end', () => {
    const { cellLimits } = ProjectConfig.parse({ limits: { processes: 500, memoryMb: 'none' } });
    assert.deepEqual([cellLimits.processes, cellLimits.memoryMb, cellLimits.diskMb], [500, 'none', null]);
    assert.match(
      String(ProjectConfig.safeParse({ limits: { processes: 'many' } }).error),
      /must be a whole number from 16 to 1000000, or none/,
    );
  });

  it('turns durations into milliseconds and amounts into exact text', () => {
    const config = ProjectConfig.parse({
      timeout: '1h30m',
      limits: { stall: '90s' },
      health: { limit: '20s' },
      budgets: { perRunUsd: 0.1, perTaskUsd: '2.50', perDayUsd: 20 },
      tasks: [{ id: 'a', prompt: 'x', timeout: '5m', budgetUsd: 1e-7 }],
    });
    assert.deepEqual(
      { timeoutMs: config.timeoutMs, limits: config.limits, health: config.health, budgets: config.budgets, tasks: config.tasks },
      {
        timeoutMs: 5_400_000,
        limits: { stepsPerAttempt: 200, callsPerMinute: 120, stepsPerRun: 50, stallMs: 90_000 },
        health: { everyMs: 200, limitMs: 20_000 },
        budgets: {
          perRunUsd: '0.1',
          perTaskUsd: '2.5',
          perDayUsd: '20',
          thresholds: [50, 75, 90, 100],
          onExceed: 'pause',
          onRenew: 'ask',
          unpriced: 'allow',
        },
        tasks: [{ id: 'a', prompt: 'x', timeoutMs: 300_000, budgetUsd: '0.0000001' }],
      },
    );
  });

  it('takes amounts of money in one spelling only', () => {
    const amounts = [
      0,
      5,
      0.5,
      '0',
      '5',
      '0.50',
      -1,
      '-1',
      '-0.5',
      '1e3',
      '$5',
      '.5',
      '5.',
      '1,5',
      '',
      2e9,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      true,
      null,
    ];
    const taken = amounts.filter((perRunUsd) => ProjectConfig.safeParse({ budgets: { perRunUsd } }).success);
    assert.deepEqual(taken, [0, 5, 0.5, '0', '5', '0.50']);
  });

  it('refuses include globs that lead out of the repository', () => {
    const globs = [
      '.env*',
      'config/**/*.local',
      'a..b',
      '...',
      '/etc/passwd',
      '~/.ssh',
      '../x',
      'a/../../x',
      'a\\..\\x',
      'C:\\x',
      '..',
      '',
    ];
    const taken = globs.filter((glob) => ProjectConfig.safeParse({ include: [glob] }).success);
    assert.deepEqual(taken, ['.env*', 'config/**/*.local', 'a..b', '...']);
  });
});

describe('the JSON schema of reactor.yaml', () => {
  type Node = { [key: string]: unknown; properties?: Record<string, Node>; items?: Node; description?: string };

  it('describes every setting', () => {
    const missing: string[] = [];
    let seen = 0;
    const visit = (node: Node, path: string): void => {
      for (const [name, child] of Object.entries(node.properties ?? {})) {
        seen += 1;
        if ((child.description ?? '').length < 10) missing.push(`${path}.${name}`);
        visit(child, `${path}.${name}`);
      }
      if (node.items !== undefined) visit(node.items, `${path}[]`);
    };
    visit(inputSchema(ProjectConfig), '');
    assert.deepEqual({ missing, enough: seen > 50 }, { missing: [], enough: true });
  });

  it('takes and refuses what the program does', () => {
    const schema = z.fromJSONSchema(JSON.parse(schemaText()));
    const documents = [
      {},
      { test: 'npm test', attempts: 5, timeout: '1h30m', tasks: [{ prompt: 'x', approve: 'auto' }] },
      { permissions: [{ permission: 'bash', pattern: 'git push*', action: 'deny' }], budgets: { perRunUsd: 2, perTaskUsd: '0.5' } },
      { atempts: 5 },
      { attempts: 0 },
      { attempts: '3' },
      { timeout: '30' },
      { land: 'rebase' },
      { tasks: [{ id: 'a' }] },
      { limits: { stall: 5 } },
      { permissions: [{ permission: 'bash' }] },
      { model: 'gpt' },
    ];
    const verdicts = (checker: z.ZodType) => documents.map((document) => checker.safeParse(document).success);
    assert.deepEqual(verdicts(schema), [true, true, true, ...Array.from({ length: 9 }, () => false)]);
    assert.deepEqual(verdicts(ProjectConfig), verdicts(schema));
  });

  it('is written whole, with a title and nothing beside it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'reactor-schema-'));
    try {
      const path = join(folder, 'dist', 'reactor.schema.json');
      writeSchema(path);
      writeSchema(path);
      const written = readFileSync(path, 'utf8');
      const { title, $schema, additionalProperties } = JSON.parse(written);
      assert.deepEqual(
        { written, title, $schema, additionalProperties, files: readdirSync(join(folder, 'dist')) },
        {
          written: schemaText(),
          title: 'Reactor settings (reactor.yaml)',
          $schema: 'http://json-schema.org/draft-07/schema#',
          additionalProperties: false,
          files: ['reactor.schema.json'],
        },
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
