import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { event } from '../../../src/core/journal/events.ts';
import { defaultConfig } from '../../../src/core/model/projectConfig.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { cli, fakeHost } from '../../support/cli/fakeHost.ts';
import { greenRun, landRun, storySpec, told } from '../../support/cli/story.ts';
import { chargeOf } from '../../support/costs/costStory.ts';

const now = Date.UTC(2026, 4, 20, 12);
const charge = (run: string, change: Partial<Parameters<typeof chargeOf>[0]> = {}) =>
  event('charge/recorded', { charge: chargeOf({ run, at: now - 3_600_000, ...change }) });

/** A task that landed after a reverted attempt, one of an older journal without charges, and one of a model without a price. */
function spending(): FakeEngine {
  const engine = new FakeEngine();
  engine.at = now - 4_000_000;
  engine.tell('TASK-001-r1', told.requested('TASK-001-r1', storySpec('TASK-001', 'Fix =cmd|calc')), told.started(), told.attempt(1));
  engine.tell(
    'TASK-001-r1',
    charge('TASK-001-r1'),
    charge('TASK-001-r1', {
      key: 'k2',
      operation: 'tool',
      tokens: { input: 10, output: 1000, reasoning: 0, cacheRead: 50_000, cacheWrite: 0 },
      costUsd: '0.03003',
    }),
  );
  engine.tell('TASK-001-r1', told.candidate(1), told.tested(1, 1), told.reverted(1), told.attempt(2));
  engine.tell('TASK-001-r1', charge('TASK-001-r1', { key: 'k3', attempt: 2, estimated: true }), told.candidate(2), told.tested(2, 0));
  landRun(engine, 'TASK-001-r1', 2);
  greenRun(engine, 'TASK-002-r1', storySpec('TASK-002', 'Parse durations'));
  engine.tell('TASK-003-r1', told.requested('TASK-003-r1', storySpec('TASK-003', 'Write docs')), told.started(), told.attempt(1));
  engine.tell('TASK-003-r1', charge('TASK-003-r1', { key: 'k4', provider: 'ollama', model: 'llama', price: null, costUsd: null }));
  return engine;
}
const host = () => fakeHost(spending());
const at = { now, tty: true };

describe('reactor cost', () => {
  it('is a table that fits 80 columns, with what the money brought and what it leaves out', async () => {
    const { out, exitCode } = await cli(['cost'], host(), at);
    assert.equal(exitCode, 0);
    assert.equal(
      out,
      [
        'Costs by task, all that is recorded, from 1970-01-01 on',
        '',
        'Task      Title                Cost  Share  Tokens  Calls  Attempts  Landed',
        'TASK-001  Fix =cmd|calc    ~$0.0390   76 %   53.2k      3         2       1',
        'TASK-002  Parse durations   $0.0121   24 %   1,830      1         1       0',
        'TASK-003  Write docs       unpriced    0 %   1,100      1         1       0',
        '',
        'Total ~$0.0511 + unpriced  56,140 tokens in 5 calls',
        '3 runs, 4 attempts, 1 change landed',
        '$0.0511 per landed change · $0.0034 per changed line · $0.0128 per attempt',
        '68 % ($0.0345) was spent on attempts that were reverted',
        '! 1 call (1,100 tokens) without a known price: in no amount above',
        '! ~ 1 call with tokens not reported but worked out: $0.0045',
        '',
      ].join('\n'),
    );
    for (const by of ['model', 'day', 'week', 'month', 'category', 'operation']) {
      const wide = (await cli(['cost', '--by', by], host(), at)).out.split('\n').filter((line) => line.length > 80);
      assert.deepEqual(wide, [], by);
    }
  });

  it('says how much of the budget of the day is used, and when it will be at the present rate', async () => {
    const engine = new FakeEngine();
    engine.at = now - 2_000_000;
    engine.tell('TASK-001-r1', told.requested('TASK-001-r1', storySpec('TASK-001', 'Fix it')), told.started(), told.attempt(1));
    engine.tell('TASK-001-r1', charge('TASK-001-r1', { at: now - 1_800_000, costUsd: '1' }));
    const last = async (perDayUsd: string, ...args: string[]): Promise<string | undefined> => {
      const config = { ...defaultConfig(), budgets: { ...defaultConfig().budgets, perDayUsd } };
      const withBudget = fakeHost(engine, { config: () => Promise.resolve({ config, file: null }) });
      return (await cli(['cost', ...args], withBudget, at)).out.trimEnd().split('\n').at(-1);
    };
    assert.deepEqual(
      [await last('5'), await last('100'), await last('1'), (await last('5', '--until', '2026-05-19'))?.slice(0, 5)],
      [
        'Today: $1.00 of $5.00; $5.00 reached at about 14:00 at the present rate',
        'Today: $1.00 of $100.00',
        'Today: $1.00 of $1.00: the budget is used up',
        'Nothi',
      ],
    );
  });

  it('says so when nothing was spent', async () =>
    assert.equal((await cli(['cost'], fakeHost(new FakeEngine()), at)).out, 'Costs by task, all that is recorded\n\nNothing was spent.\n'));

  it('is exact in JSON and CSV, and a spreadsheet takes no title for a formula', async () => {
    const { rows, total, efficiency, currency } = JSON.parse((await cli(['cost', '--by', 'model', '--json'], host(), at)).out);
    assert.deepEqual(
      [
        rows.map(({ key, costUsd, unpricedCalls }: Record<string, unknown>) => [key, costUsd, unpricedCalls]),
        total.costUsd,
        efficiency.perLandedUsd,
        currency,
      ],
      [
        [
          ['anthropic/sonnet', '0.03903', 0],
          ['p/m', '0.0121', 0],
          ['ollama/llama', '0', 1],
        ],
        '0.05113',
        '0.05113',
        'USD',
      ],
    );
    const engine = spending();
    engine.tell('EVIL-r1', told.requested('EVIL-r1', storySpec('EVIL', '=1+1,"x"')), told.attempt(1), charge('EVIL-r1', { key: 'k9' }));
    const lines = (await cli(['cost', '--format', 'csv'], fakeHost(engine), at)).out.split('\r\n');
    assert.deepEqual(
      [lines[0]?.slice(0, 57), lines[3]],
      ['key,title,cost_usd,estimated_usd,unpriced_calls,unpriced_', 'EVIL,"\'=1+1,""x""",0.0045,0,0,0,0,1,1,1,0,0,1000,100,0,0,0,1100'],
    );
  });

  it('shows another currency when reactor.yaml says so; what programs read stays in dollars', async () => {
    const config = () => Promise.resolve({ config: { ...defaultConfig(), currency: { symbol: '€', perUsd: 0.5 } }, file: null });
    const inEuro = fakeHost(spending(), { config });
    const { out } = await cli(['cost'], inEuro, at);
    assert.match(out, /Total ~€0\.0256 \+ unpriced/);
    assert.match(out, /Shown in € at 0\.5 per US dollar/);
    assert.equal(JSON.parse((await cli(['cost', '--json'], inEuro, at)).out).total.costUsd, '0.05113');
    assert.match((await cli(['cost', '--format', 'html'], inEuro, at)).out, /<b>~€0\.0256 \+ unpriced<\/b>/);
  });

  it('takes a range, and says which one it is', async () => {
    const { out } = await cli(['cost', '--since', 'today', '--by', 'category'], host(), at);
    assert.deepEqual(out.split('\n').slice(0, 5), [
      'Costs by category, 2026-05-20',
      '',
      'Category      Cost  Share          Tokens  Calls  Attempts  Landed',
      'fix       ~$0.0390  100 %  ██████   53.2k      3         2       1',
      'docs      unpriced    0 %           1,100      1         1       0',
    ]);
    const { err, exitCode } = await cli(['cost', '--since', 'soon'], host(), at);
    assert.equal(exitCode, 1);
    assert.match(err, /--since soon must be a day \(2026-05-20\)/);
  });

  it('shows one task as a tree with its arithmetic', async () => {
    const { out } = await cli(['cost', 'TASK-001'], host(), at);
    assert.equal(
      out,
      [
        'TASK-001  Fix =cmd|calc  ~$0.0390',
        '└─ TASK-001-r1  landed  2 attempts  16 s  53,210 tok  ~$0.0390',
        '   ├─ attempt 1  reverted  5.0 s  52,110 tok  $0.0345',
        '   │  └─ anthropic/sonnet  2 calls (1 prompt, 1 tool)  $0.03453  server prices',
        '   │     ├─ input        1,010 × $3   / 1M = $0.00303',
        '   │     ├─ output       1,100 × $15  / 1M = $0.0165',
        '   │     └─ cache read  50,000 × $0.3 / 1M = $0.015',
        '   └─ attempt 2  committed  9.0 s  1,100 tok  ~$0.0045',
        '      └─ anthropic/sonnet  1 call (1 prompt)  ~$0.0045  server prices',
        '         ├─ input   1,000 × $3  / 1M = $0.003',
        '         ├─ output    100 × $15 / 1M = $0.0015',
        '         └─ tokens not reported: worked out from the length of the texts',
        '',
      ].join('\n'),
    );
    assert.match((await cli(['cost', 'TASK-002'], host(), at)).out, /the amount is the agent server's own/);
    assert.match((await cli(['cost', 'TASK-003'], host(), at)).out, /unpriced[\s\S]*no price is known for this model/);
    assert.equal(JSON.parse((await cli(['cost', 'TASK-001-r1', '--json'], host(), at)).out).sum.usd, '0.03903');
    assert.match(
      (await cli(['cost', 'TASK-01'], host(), at)).err,
      /There is no run or task TASK-01 in this repository. Did you mean\sTASK-001\?/,
    );
    assert.match((await cli(['cost', 'TASK-001', '--by', 'model'], host(), at)).err, /--by is for reports of the whole repository/);
  });

  it('writes a table to a file as it would to a pipe, also from a coloured terminal', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'reactor-cost-'));
    try {
      const inTerminal = { ...at, folder, tty: true, environment: { FORCE_COLOR: '1' } };
      for (const [name, ...argv] of [['all'], ['task', 'TASK-001']]) {
        const file = `${name}.txt`;
        assert.equal((await cli(['cost', ...argv, '--output', file], host(), inTerminal)).exitCode, 0);
        assert.equal(await readFile(join(folder, file), 'utf8'), (await cli(['cost', ...argv], host(), at)).out);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('writes a page that stands alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'reactor-cost-'));
    try {
      const argv = ['cost', '--format', 'html', '--output', 'costs.html'];
      assert.deepEqual(await cli(argv, host(), { ...at, folder }), { exitCode: 0, out: '', err: 'written to costs.html\n' });
      const page = await readFile(join(folder, 'costs.html'), 'utf8');
      assert.deepEqual([page.includes('~$0.0511 + unpriced'), /(?:src|href)=|url\(|@import|<script/.test(page)], [true, false]);
      assert.match((await cli(argv, host(), { ...at, folder })).err, /already exists and was left as it is/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('reactor export --ledger', () => {
  it('writes each charge with stable columns', async () => {
    const { out } = await cli(['export', '--ledger', '--format', 'csv', '--since', 'today'], host(), at);
    assert.deepEqual(out.split('\r\n').slice(0, 2), [
      'key,time,day,run,attempt,task,category,cell,session,message,model,agent,operation,input_tokens,output_tokens,reasoning_tokens,cache_read_tokens,cache_write_tokens,total_tokens,input_usd_per_million,output_usd_per_million,reasoning_usd_per_million,cache_read_usd_per_million,cache_write_usd_per_million,price_source,price_from,price_above_tokens,cost_usd,state',
      'TASK-001-r1/1779274800000/0,2026-05-20T11:00:00.000Z,2026-05-20,TASK-001-r1,1,TASK-001,,TASK-001-r1,s,m1779274800000,anthropic/sonnet,build,prompt,1000,100,0,0,0,1100,3,15,15,0.3,3.75,server,,,0.0045,priced',
    ]);
    const lines = (await cli(['export', '--ledger'], host(), at)).out.trim().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)).map(({ key, operation, cost_usd, state }) => [key, operation, cost_usd, state]),
      [
        ['TASK-001-r1/1779274800000/0', 'prompt', '0.0045', 'priced'],
        ['k2', 'tool', '0.03003', 'priced'],
        ['k3', 'prompt', '0.0045', 'estimated'],
        ['m1/0', 'prompt', '0.0121', 'priced'],
        ['k4', 'prompt', null, 'unpriced'],
      ],
    );
    assert.equal((await cli(['export', '--ledger', '--run', 'TASK-002'], host(), at)).out.split('\n').length, 2);
  });

  it('keeps the journal whole', async () =>
    assert.match((await cli(['export', '--since', 'today'], host(), at)).err, /--since is for the ledger/));
});
