import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { testCommands } from '../../../../src/core/policy/testScripts.ts';

const scripts = {
  pretest: 'sh scripts/before.sh',
  test: 'npm run -s unit && pnpm lint && yarn e2e:fast',
  unit: 'node --run deep',
  deep: 'sh scripts/deep.sh',
  lint: 'eslint .',
  'e2e:fast': 'sh e2e.sh',
  posttest: 'sh scripts/after.sh',
  build: 'tsc',
};
const of = (test: string, makefile: string | null = null): string[] =>
  testCommands(test, { packageJson: JSON.stringify({ scripts }), makefile });

describe('what a test command leads to', () => {
  it('is the scripts that it runs, with those before and after, and what they run in turn', () => {
    const all = [scripts.pretest, scripts.test, scripts.posttest, scripts.unit, scripts.lint, scripts['e2e:fast'], scripts.deep];
    for (const test of ['npm test', 'npm t', 'npm run test', 'CI=1 npm --silent run test -- --x', 'yarn test', 'bun run test'])
      assert.deepEqual(of(test), [test, ...all], test);
    assert.deepEqual(of('npm run build'), ['npm run build', 'tsc']);
    assert.deepEqual(of('sh check.sh'), ['sh check.sh']);
  });

  it('is the recipes of targets and of those they need', () => {
    const makefile = `CC := gcc
.PHONY: test all
all: build
build:
\tcc -o a a.c
test: build \\
  prepare
\tsh scripts/run.sh
\tnpm run lint
prepare: ; sh scripts/prepare.sh
other:
\trm -rf x
`;
    const recipes = (test: string): string[] =>
      of(test, makefile)
        .slice(1)
        .map((text) => text.trim());
    assert.deepEqual(recipes('make -s test'), ['sh scripts/run.sh\nnpm run lint', 'cc -o a a.c', 'sh scripts/prepare.sh', 'eslint .']);
    assert.deepEqual(recipes('make'), ['', 'cc -o a a.c']);
  });

  it('is nothing more where the files can not be read', () => {
    assert.deepEqual(testCommands('npm test', { packageJson: 'no json', makefile: null }), ['npm test']);
    assert.deepEqual(testCommands('npm test', { packageJson: '{"scripts":{"test":1}}', makefile: null }), ['npm test']);
  });
});
