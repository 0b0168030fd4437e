import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { sha256 } from '../../../src/adapters/journal/sha256.ts';
import { SecretGuard } from '../../../src/core/policy/secrets/secretGuard.ts';
import { LiveText } from '../../../src/engine/liveText.ts';
import { sampleKeys } from '../../support/sampleKeys.ts';

const key = sampleKeys['github'] ?? '';

describe('what clients are told live', () => {
  let told: string[] = [];
  const open = () => {
    told = [];
    return new LiveText(new SecretGuard([], sha256), ({ run, kind, text }) => told.push(`${run} ${kind} ${text}`));
  };

  it('has no key in it, wherever the pieces cut it', () => {
    for (let cut = 1; cut < key.length; cut += 1) {
      const live = open();
      for (const text of ['a ', key.slice(0, cut), key.slice(cut), ' b', '\n']) live.take({ run: 'r', kind: 'text', text: text });
      live.end('r');
      assert.equal(told.map((line) => line.slice('r text '.length)).join(''), 'a [secret: GitHub token] b\n');
    }
  });

  it('keeps runs apart, and tells what it held before something else happens', () => {
    const live = open();
    live.take({ run: 'r', kind: 'text', text: 'hel' });
    live.take({ run: 's', kind: 'text', text: 'other' });
    live.take({ run: 'r', kind: 'text', text: 'lo' });
    live.take({ run: 'r', kind: 'toolStarted', text: `bash ${key}` });
    live.end(null);
    live.end('s');
    assert.deepEqual(told, ['r text hello', 'r toolStarted bash [secret: GitHub token]', 's text other']);
  });

  it('does not hold a long word back without end', () => {
    const live = open();
    live.take({ run: 'r', kind: 'text', text: 'x'.repeat(5000) });
    assert.equal(told.length, 1);
  });
});
