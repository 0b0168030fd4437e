import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { addUsd } from '../../src/core/model/usd.ts';
import type { Charge } from '../../src/core/money/charge.ts';
import { costOf } from '../../src/core/money/unitPrices.ts';
import { chargeTotals, ModelLedger } from '../support/modelLedger.ts';
import { dataOf, type Outcome, onlyRun, Reactor, until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { bash, byWord, tools, write } from '../support/sampleScript.ts';
import { type ModelAction, type ModelCall, type ModelScript, scriptedConfig } from '../support/scriptedModel.ts';

const chargesOf = (outcome: Pick<Outcome, 'entries'>): Charge[] => dataOf(outcome, 'charge/recorded').map(({ charge }) => charge);

/** Answers, one after the other, each with a tool call but the last. */
const answers =
  (...steps: readonly ModelAction[]): ModelScript =>
  ({ turn }) =>
    steps[turn] ?? { text: 'Done.' };

const chunk = (fields: object): string =>
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm1', ...fields })}\n\n`;
const usage = (prompt_tokens: number, completion_tokens: number): string =>
  chunk({ choices: [], usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens } });

/** A stream in which the usage is told twice, and the second word is another one. */
const changing = `${chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: 'changed my mind' } }] })}${usage(1, 1)}${chunk({
  choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
})}${usage(700, 70)}data: [DONE]\n\n`;

describe('The ledger of money', function () {
  this.timeout(240_000);
  let reactor: Reactor;
  let repository: string;
  const book = new ModelLedger();
  /** Words whose call was left without an answer, once. */
  const unanswered = new Set<string>();
  const hangingOnce =
    (word: string, at: number, script: ModelScript): ModelScript =>
    (call: ModelCall) => {
      if (call.turn !== at || unanswered.has(word)) return script(call);
      unanswered.add(word);
      return { do: 'hang' };
    };
  const twoModels = (): string => {
    const config = scriptedConfig(reactor.model.port) as { readonly provider: { readonly scripted: { readonly models: object } } };
    const { scripted } = config.provider;
    const m2 = { name: 'Scripted 2', tool_call: true, limit: { context: 64_000, output: 4096 }, cost: { input: 1, output: 2 } };
    const provider = { scripted: { ...scripted, models: { ...scripted.models, m2 } } };
    return JSON.stringify({ ...config, provider, agent: { general: { model: 'scripted/m2' } } });
  };

  before(async () => {
    let failures = 0;
    const parts: ModelScript = ({ prompt, turn }) => {
      if (prompt.includes('the small part'))
        return turn === 0
          ? { tools: [write('two.txt', 'good\n')], usage: { in: 301, out: 31 } }
          : { text: 'sub', usage: { in: 402, out: 12 } };
      if (turn === 0)
        return {
          tools: [{ name: 'task', args: { description: 'part', prompt: 'subagents: do the small part', subagent_type: 'general' } }],
          usage: { in: 1003, out: 13 },
        };
      return { text: 'main done', usage: { in: 1204, out: 14 } };
    };
    const script = byWord({
      odd: answers(
        { tools: [write('odd.txt', 'good\n')], usage: { in: 1000, out: 50, cached: 400, reasoning: 7 } },
        { tools: [bash('true')], usage: 'none' },
        { tools: [bash('true')], usage: { in: 0, out: 0 } },
        { tools: [bash('true')], usage: { in: 3_000_000_001, out: 1_000_000_007 } },
        { tools: [bash('true')], usage: { in: 100, out: 5, cached: 5000 } },
        { do: 'raw', body: changing },
      ),
      subagents: parts,
      retried: (call) => {
        failures += 1;
        if (failures <= 2) return { do: 'fail', status: 500 };
        return tools(write('retried.txt', 'good\n'))(call);
      },
      given: hangingOnce(
        'given',
        1,
        answers({ tools: [write('given.txt', 'good\n')], usage: { in: 3000, out: 30 } }, { text: 'Done.', usage: { in: 3100, out: 31 } }),
      ),
      killed: hangingOnce(
        'killed',
        2,
        answers(
          { tools: [write('killed.txt', 'good\n')], usage: { in: 2000, out: 20 } },
          { tools: [bash('true')], usage: { in: 2100, out: 21 } },
          { text: 'Done.', usage: { in: 2200, out: 22 } },
        ),
      ),
    });
    reactor = await Reactor.open(
      book.keeping(script, ({ prompts, turn }) =>
        prompts.join().includes('odd') && turn === 5 ? { calls: 1, input: 700, cached: 0, output: 70, reasoning: 0 } : null,
      ),
    );
    repository = await reactor.repository('plain', plainProject('budgets:\n  perDayUsd: 1000000\n'));
  });
  after(() => reactor.close());

  it('equals the log of the model server to the last token when usage is huge, cached beyond the input, or told twice; what is missing is estimated and marked', async () => {
    const outcome = await reactor.run(repository, 'Write odd', ['--task', 'odd', '--land', 'branch']);
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    const charges = chargesOf(outcome);
    assert.deepEqual(chargeTotals(charges), book.totals('odd'));
    assert.deepEqual(
      charges.map(({ estimated, operation }) => `${operation}${estimated ? ' estimated' : ''}`),
      ['prompt', 'tool estimated', 'tool estimated', 'tool', 'tool', 'tool'],
    );
    assert.ok(
      charges.every(({ estimated, tokens }) => !estimated || tokens.input > 1000),
      'an estimate takes what was sent before',
    );
    for (const { tokens, price, costUsd } of charges) assert.equal(costUsd, price && costOf(tokens, price));
    assert.equal(onlyRun(outcome).costUsd, Number(charges.reduce((sum, { costUsd }) => addUsd(sum, costUsd ?? '0'), '0')));
    assert.equal(new Set(charges.map(({ key }) => key)).size, charges.length);
  });

  it('counts a subagent with its own model, and the repeated call of a model that failed, once each', async () => {
    const own = await reactor.repository('models', plainProject());
    const outcome = await reactor.run(own, 'Use subagents', ['--land', 'branch'], { env: { OPENCODE_CONFIG_CONTENT: twoModels() } });
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    assert.deepEqual(chargeTotals(chargesOf(outcome)), book.totals('subagents'));
    assert.deepEqual(
      chargesOf(outcome)
        .map(({ operation, model, price }) => `${operation} ${model} ${price?.output}`)
        .sort(),
      ['prompt m1 15', 'subagent m2 2', 'subagent m2 2', 'tool m1 15'],
    );
    const retried = await reactor.run(repository, 'Write retried', ['--land', 'branch']);
    assert.equal(retried.exitCode, 0, retried.stderr);
    assert.deepEqual(chargeTotals(chargesOf(retried)), book.totals('retried'));
    // What was refused costs nothing.
    assert.deepEqual(
      chargesOf(retried).map(({ operation, estimated, tokens }) => `${operation} ${estimated} ${tokens.output}`),
      ['prompt false 50', 'tool false 50'],
    );
  });

  it('counts each call once when engine and server are killed with kill -9 in the middle of a turn', async () => {
    const call = reactor.startRun(repository, 'Write killed', ['--task', 'killed', '--land', 'branch']);
    await until('the model was asked a third time', () => unanswered.has('killed'));
    await until('two calls are charged', () => dataOf(call, 'charge/recorded').length === 2);
    const engine = reactor.processes().filter(({ commandLine }) => commandLine.endsWith(` engine --repo ${repository}`));
    assert.equal(engine.length, 1, engine.map(({ commandLine }) => commandLine).join('\n'));
    process.kill(engine[0]?.pid ?? 0, 'SIGKILL');
    // A server that lives is taken over with its turn; this call is to be broken off.
    for (const { pid } of reactor.agentServers()) process.kill(pid, 'SIGKILL');
    const outcome = await call.outcome;
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    const charges = chargesOf(outcome);
    assert.deepEqual(chargeTotals(charges), book.totals('killed'));
    assert.equal(new Set(charges.map(({ key }) => key)).size, charges.length);
    assert.deepEqual(
      charges.filter(({ estimated }) => estimated).map(({ attempt }) => attempt),
      [1],
      'the call that was broken off is there as an estimate',
    );
    assert.deepEqual(
      dataOf(outcome, 'budget/released').map(({ attempt, reason }) => `${attempt} ${reason}`),
      ['1 recovered', '2 settled'],
    );
  });

  it('counts a call that was broken off by kill -9 when the run is then given up: its server has written it down', async () => {
    const own = await reactor.repository('given', plainProject());
    const call = reactor.startRun(own, 'Write given', ['--task', 'given', '--land', 'branch']);
    await until('the model was asked a second time', () => unanswered.has('given'));
    await until('one call is charged', () => dataOf(call, 'charge/recorded').length === 1);
    await call.abandon();
    reactor.killEngine(own);
    for (const { pid } of reactor.agentServers()) process.kill(pid, 'SIGKILL');
    const killed = await reactor.call(own, ['kill', 'given', '--json']);
    assert.equal(killed.exitCode, 0, killed.stderr);
    const charges = dataOf({ entries: await reactor.entries(own) }, 'charge/recorded').map(({ charge }) => charge);
    assert.deepEqual(chargeTotals(charges), book.totals('given'));
    assert.deepEqual(
      charges.map(({ estimated, costUsd, tokens }) => [estimated, costUsd !== null, tokens.input >= 3000]),
      [
        [false, true, true],
        [true, true, true],
      ],
    );
  });
});
