import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { absolutePlaces } from '../../../src/compose/absolutePlaces.ts';

describe('The environment of an engine, which works in another folder', () => {
  it('names the same files as that of the terminal which starts it', () => {
    const env = {
      PATH: '/bin',
      OPENCODE_CONFIG: './my.json',
      OPENCODE_CONFIG_DIR: 'conf',
      OPENCODE_MODELS_PATH: '/models.json',
      OPENCODE_CONFIG_CONTENT: '{"a":"{file:key.txt}","b":"{file:~/b}","c":"{file:/c}"}',
      REACTOR_OPENCODE: '../bin/opencode',
      REACTOR_BWRAP: 'bwrap',
    };
    assert.deepEqual(absolutePlaces(env, '/work/"shop"'), {
      PATH: '/bin',
      OPENCODE_CONFIG: '/work/"shop"/my.json',
      OPENCODE_CONFIG_DIR: '/work/"shop"/conf',
      OPENCODE_MODELS_PATH: '/models.json',
      OPENCODE_CONFIG_CONTENT: '{"a":"{file:/work/\\"shop\\"/key.txt}","b":"{file:~/b}","c":"{file:/c}"}',
      REACTOR_OPENCODE: '/work/bin/opencode',
      REACTOR_BWRAP: 'bwrap',
    });
    assert.deepEqual(absolutePlaces({ OPENCODE_CONFIG: '' }, '/work'), { OPENCODE_CONFIG: '' });
  });
});
