import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { type ScriptedModel, startScriptedModel } from '../../src/adapters/scriptedModel/scriptedModel.ts';
import { OpenCodeBench, runTurn } from '../support/openCodeCell.ts';

describe('an answer that breaks off half way', function () {
  this.timeout(180_000);
  let bench: OpenCodeBench;
  let next: ScriptedModel | undefined;

  before(async () => {
    bench = await OpenCodeBench.start(() => ({ text: 'x'.repeat(40), then: 'hang' }));
  });
  after(async () => {
    await next?.stop();
    await bench.dispose();
  });

  it('and is asked for again is a call of its own, of which the length alone is known', async () => {
    const { server } = await bench.cell('broken');
    // The model goes away once a part of its answer has been heard, and comes back for the second try.
    const replace = async (): Promise<void> => {
      await bench.model.stop();
      const script = () => ({ text: 'whole', usage: { in: 500, out: 5 } });
      next = await startScriptedModel({ clock: systemClock, port: bench.model.port, script });
    };
    let replaced: Promise<void> | undefined;
    const { result, messages } = await runTurn(server, {
      onEvent: (event) => {
        if (event.type === 'text') replaced ??= replace();
      },
    });
    await replaced;
    assert.equal(result.end, 'done');
    assert.deepEqual(
      messages.map(({ calls }) =>
        calls.map(({ key, isRepeated, isReported, answerChars, tokens }) => [
          key.replace(/.*\//, ''),
          isRepeated,
          isReported,
          answerChars,
          tokens.output,
        ]),
      ),
      [
        [
          ['retry0', true, false, 40, 0],
          ['0', false, true, 5, 5],
        ],
      ],
    );
  });
});
