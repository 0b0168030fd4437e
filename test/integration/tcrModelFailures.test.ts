import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { bash, byWord, tools, write } from '../support/sampleScript.ts';
import type { ModelAction, ModelScript } from '../support/scriptedModel.ts';

/** Works a little, then does what is given for every later call. */
const then =
  (name: string, action: ModelAction): ModelScript =>
  (call) =>
    call.turn === 0 ? { tools: [write(`${name}.txt`, 'half done\n')] } : action;

/** Between its own tries the agent server waits for longer than an agent may be silent below. */
const isRetried = (word: string): boolean => ['failing', 'busy', 'truncated'].includes(word);

const limits = 'limits:\n  stepsPerAttempt: 12\n  callsPerMinute: 40\n  stall: 20s\n';

describe('A model that fails', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  let repository: string;
  let patient: string;
  const outcomes = new Map<string, Outcome>();
  let limited = 0;

  const scripts: Readonly<Record<string, ModelScript>> = {
    failing: then('failing', { do: 'fail', status: 500 }),
    busy: (call) => {
      if (call.turn === 0) return tools(write('busy.txt', 'half done\n'))(call);
      limited += 1;
      return limited <= 2 ? { do: 'fail', status: 429, headers: { 'retry-after': '1' } } : { text: 'Done.' };
    },
    malformed: then('malformed', { do: 'raw', body: 'data: {"choices": [{"delta": {"content": oops\n\ndata: [DONE]\n\n' }),
    empty: then('empty', { do: 'raw', body: 'data: [DONE]\n\n' }),
    endless: (call) => ({ tools: [call.turn === 0 ? write('endless.txt', 'half done\n') : bash(`echo ${call.turn}`)] }),
    truncated: then('truncated', { text: 'I was about to', then: 'truncate' }),
    html: then('html', { do: 'raw', body: '<html><body>Please log in</body></html>', contentType: 'text/html' }),
    hanging: then('hanging', { text: 'Hm', then: 'hang' }),
  };

  before(async () => {
    reactor = await Reactor.open(byWord(scripts));
    repository = await reactor.repository('plain', plainProject(limits));
    patient = await reactor.repository('patient', plainProject());
    const calls = Object.keys(scripts).map((word) => ({
      word,
      call: reactor.startRun(isRetried(word) ? patient : repository, `Try ${word}`, [
        '--task',
        word,
        '--land',
        'branch',
        '--attempts',
        '1',
        '--timeout',
        '100s',
      ]),
    }));
    for (const { word, call } of calls) outcomes.set(word, await call.outcome);
  });
  after(() => reactor.close());

  const outcomeOf = (word: string): Outcome => {
    const outcome = outcomes.get(word);
    if (outcome === undefined) throw new Error(`${word} has not run`);
    return outcome;
  };
  /** It ended as a failed task with its reason, and what had been done is kept. */
  const assertFailed = async (word: string, reason: RegExp, exitCode = 2): Promise<void> => {
    const outcome = outcomeOf(word);
    const row = onlyRun(outcome);
    assert.deepEqual([outcome.exitCode, row.status, row.commit], [exitCode, 'failed', null], `${row.reason}\n${outcome.stderr}`);
    assert.match(row.reason, reason);
    assert.equal(await git(isRetried(word) ? patient : repository, 'show', `${row.kept}:${word}.txt`), 'half done');
  };

  it('R3: status 500 is tried again three times, each in the journal, then the run fails', async () => {
    await assertFailed('failing', /the model failed 4 times/);
    const retries = dataOf(outcomeOf('failing'), 'run/recoveryApplied').map(({ code, retry }) => `${code} ${retry}`);
    assert.deepEqual(retries, ['R3 1', 'R3 2', 'R3 3']);
  });

  it('R3: status 429 is tried again after what Retry-After says, and the work goes on to its commit', async () => {
    const outcome = outcomeOf('busy');
    const row = onlyRun(outcome);
    assert.deepEqual([outcome.exitCode, row.status], [0, 'committed'], row.reason);
    assert.deepEqual(
      dataOf(outcome, 'run/recoveryApplied').map(({ code, retry }) => `${code} ${retry}`),
      ['R3 1', 'R3 2'],
    );
    assert.equal(await git(patient, 'show', `${row.commit}:busy.txt`), 'half done');
  });

  it('malformed chunks end the turn, not the patience', () => assertFailed('malformed', /JSON parsing failed/));
  it('R3: an answer without content', () =>
    assertFailed('empty', /the model failed 4 times: its answer had neither words nor tools in it/));
  it('calls of tools without end stop at the limit of steps', () => assertFailed('endless', /more than 12 model calls/));
  it('R3: a stream that breaks off', () => assertFailed('truncated', /the model failed 4 times: Connection reset/));
  it('R3: status 200 with a page of HTML', () =>
    assertFailed('html', /the model failed 4 times: its answer had neither words nor tools in it/));
  it('a model that falls silent', () => assertFailed('hanging', /nothing was heard of the agent/));

  it('no script was asked without end', () => {
    const counts = Object.keys(scripts).map((word) => [word, reactor.calls(`Try ${word}`).length] as const);
    assert.deepEqual(
      counts.filter(([, count]) => count > 20),
      [],
    );
  });

  it('leaves nothing running', () => {
    assert.deepEqual(reactor.agentServers(), []);
  });
});
