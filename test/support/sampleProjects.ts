import type { SampleFiles } from './sampleRepository.ts';

/** Settings that make a project bear a slow machine and end quickly where a test wants an end. */
export const settings = (test: string, more = ''): string => `test: ${test}\nhealth:\n  limit: 60s\n${more}`;

/**
 * The quickest project there is: green while no text file says "bad" and not both left.txt and right.txt are there. The test tells where it
 * ran.
 */
export const plainProject = (more = ''): SampleFiles => ({
  'reactor.yaml': settings('sh check.sh', more),
  'check.sh':
    '#!/bin/sh\npwd\nif grep -l bad *.txt; then echo "a bad word"; exit 1; fi\nif [ -f left.txt ] && [ -f right.txt ]; then echo "left and right"; exit 1; fi\necho fine\n',
  'readme.txt': 'A sample.\n',
});

/** Settings without a test command, so that it is found by looking at the project. */
const patience = 'health:\n  limit: 60s\n';

export const typeScriptProject: SampleFiles = {
  'reactor.yaml': patience,
  'package.json': `${JSON.stringify({ name: 'sample', private: true, type: 'module', scripts: { test: 'node --test' } }, null, 2)}\n`,
  'src/sum.ts': 'export const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);\n',
  'test/sum.test.ts':
    "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { sum } from '../src/sum.ts';\n\ntest('sum', () => assert.equal(sum([1, 2, 3]), 6));\n",
};

export const pythonProject: SampleFiles = {
  'reactor.yaml': patience,
  '.gitignore': '__pycache__/\n',
  'greeting.py': 'def greet(name):\n    return "Hello"\n',
  'test_greeting.py':
    'import unittest\n\nfrom greeting import greet\n\n\nclass GreetTest(unittest.TestCase):\n    def test_greet(self):\n        self.assertEqual(greet("Ada"), "Hello")\n',
};

export const cProject: SampleFiles = {
  'reactor.yaml': patience,
  '.gitignore': '*.o\ncheck\n',
  'clamp.h': 'int clamp(int value, int low, int high);\n',
  'clamp.c': '#include "clamp.h"\n\nint clamp(int value, int low, int high) {\n  (void)low;\n  (void)high;\n  return value;\n}\n',
  'check.c': '#include "clamp.h"\n\nint main(void) { return clamp(5, 0, 9) == 5 ? 0 : 1; }\n',
  Makefile:
    'CFLAGS = -Wall -Wextra -Werror\n\ncheck: check.o clamp.o\n\t$(CC) -o $@ $^\n\ncheck.o clamp.o: clamp.h\n\n.PHONY: test\ntest: check\n\t./check\n',
};
