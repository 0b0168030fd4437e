import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import { ambientViolations, circles, floorViolations, packageViolations } from '../support/houseRules/floors.ts';
import { parseModule, readModules } from '../support/houseRules/sourceModule.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = readModules(root, 'src');
const tests = readModules(root, 'test');
const longest = 400;

describe('the house', () => {
  it('has been scanned whole', () => {
    const rooms = new Set(sources.map(({ path }) => path.split('/')[1] ?? ''));
    const missing = ['base', 'core', 'protocol', 'engine', 'adapters', 'cli'].filter((room) => !rooms.has(room));
    const imports = sources.flatMap((module) => module.imports).length;
    assert.deepEqual(missing, []);
    assert.ok(sources.length >= 60, `only ${sources.length} source files were read`);
    assert.ok(tests.length >= 30, `only ${tests.length} test files were read`);
    assert.ok(imports >= 2 * sources.length, `only ${imports} imports were found in ${sources.length} files`);
  });

  it('imports downwards only, siblings do not meet', () => assert.deepEqual(floorViolations(sources), []));

  it('keeps packages, Node and vscode out of the pure rooms', () => assert.deepEqual(packageViolations(sources), []));

  it('has no circle of imports', () => assert.deepEqual(circles(sources), []));

  it('takes time and chance from ports only', () => assert.deepEqual(ambientViolations(sources), []));

  it('has no default export', () => {
    assert.deepEqual(
      sources.filter((module) => module.hasDefaultExport).map(({ path }) => path),
      [],
    );
  });

  it(`has no file over ${longest} lines`, () => {
    const long = [...sources, ...tests].filter(({ lineCount }) => lineCount > longest);
    assert.deepEqual(
      long.map(({ path, lineCount }) => `${path}: ${lineCount}`),
      [],
    );
  });

  it('switches no test off', () => {
    const found = tests.flatMap(({ path, switchedOff }) => switchedOff.map(({ what, line }) => `${path}:${line} ${what}`));
    assert.deepEqual(found, []);
  });

  it('names each law in the title of a test', () => {
    const titles = tests.filter(({ path }) => path.endsWith('.test.ts')).flatMap((module) => module.testTitles);
    const laws = Array.from({ length: 10 }, (_, index) => `INV-${String(index + 1).padStart(3, '0')}`);
    assert.deepEqual(
      laws.filter((law) => !titles.some((title) => title.includes(law))),
      [],
    );
  });
});

describe('the rules of the house', () => {
  const read = (path: string, text: string) => parseModule(path, text);

  it('see every kind of import', () => {
    const module = read(
      'src/core/a.ts',
      `import x from './static.ts';
       import type { T } from '../base/types.ts';
       export { y } from './again.ts';
       export * from './all.ts';
       type U = import('./inType.ts').U;
       const z = await import('./dynamic.ts');
       const w = await import(name);`,
    );
    assert.deepEqual(module.imports.map(({ what }) => what).sort(), [
      'src/base/types.ts',
      'src/core/again.ts',
      'src/core/all.ts',
      'src/core/dynamic.ts',
      'src/core/inType.ts',
      'src/core/static.ts',
    ]);
    assert.deepEqual(module.computedImports, [{ what: 'import()', line: 7 }]);
  });

  it('refuse imports upwards, sideways and out of the house', () => {
    const modules = [
      read('src/base/up.ts', "import type { A } from '../core/model/a.ts';"),
      read('src/engine/down.ts', "import { a } from '../protocol/a.ts'; import { b } from '../core/ports/b.ts';"),
      read('src/protocol/up.ts', "import { a } from '../engine/a.ts';"),
      read('src/adapters/git/side.ts', "import { a } from '../files/a.ts'; import { b } from './own/b.ts';"),
      read('src/adapters/loose.ts', ''),
      read('src/cli/side.ts', "import { a } from '../vscode/a.ts'; import { b } from '../adapters/git/b.ts';"),
      read('src/cli/out.ts', "import { a } from '../../test/a.ts';"),
      read('src/cli.ts', "import { a } from './compose.ts'; import { b } from './cli/b.ts';"),
    ];
    assert.deepEqual(floorViolations(modules), [
      'src/base/up.ts:1 imports src/core/model/a.ts',
      'src/protocol/up.ts:1 imports src/engine/a.ts',
      'src/adapters/git/side.ts:1 imports src/adapters/files/a.ts',
      'src/adapters/loose.ts: is in no room of the house',
      'src/cli/side.ts:1 imports src/vscode/a.ts',
      'src/cli/out.ts:1 imports test/a.ts',
    ]);
  });

  it('refuse packages in pure rooms and the editor outside its host', () => {
    const modules = [
      read('src/base/a.ts', "import { z } from 'zod';"),
      read('src/core/a.ts', "import { z } from 'zod'; import 'node:fs'; import { x } from 'execa';"),
      read('src/engine/a.ts', "import { z } from 'zod/mini'; import type { Readable } from 'node:stream';"),
      read('src/cli/a.ts', "import 'node:fs'; const v = await import('vscode');"),
      read('src/vscode/a.ts', "import * as vscode from 'vscode';"),
    ];
    assert.deepEqual(packageViolations(modules), [
      'src/base/a.ts:1 imports zod',
      'src/core/a.ts:1 imports node:fs',
      'src/core/a.ts:1 imports execa',
      'src/engine/a.ts:1 imports node:stream',
      'src/cli/a.ts:1 imports vscode',
    ]);
  });

  it('find circles through type-only imports', () => {
    const modules = [
      read('src/core/a.ts', "import type { B } from './b.ts';"),
      read('src/core/b.ts', "import { c } from './c.ts';"),
      read('src/core/c.ts', "import { a } from './a.ts'; import { d } from './d.ts';"),
      read('src/core/d.ts', ''),
    ];
    assert.deepEqual(circles(modules), ['src/core/a.ts -> src/core/b.ts -> src/core/c.ts -> src/core/a.ts']);
  });

  it('find clocks, timers and chance, but not in words', () => {
    const text = `// Date.now() and setTimeout( are only named here
      const a = 'Math.random()';
      const b = Date.now() + new Date().getTime() + new Date(5).getTime() + globalThis.Math.random();
      setTimeout(f, 1);
      import { setTimeout as sleep } from 'node:timers/promises';`;
    const found = ambientViolations([read('src/engine/a.ts', text), read('src/adapters/clock/systemClock.ts', text)]);
    assert.deepEqual(found, [
      'src/engine/a.ts:3 uses Date.now',
      'src/engine/a.ts:3 uses new Date()',
      'src/engine/a.ts:3 uses Math.random',
      'src/engine/a.ts:4 uses setTimeout',
      'src/engine/a.ts:5 uses node:timers/promises',
    ]);
  });

  it('find tests that are switched off, default exports and titles', () => {
    const found = read(
      'test/a.test.ts',
      "export default 1; xit('a'); describe('INV-001 b', () => { it.only('c', () => this.skip()); it(`d ${e}`); });",
    );
    assert.deepEqual(
      { off: found.switchedOff.map(({ what }) => what), titles: found.testTitles, hasDefault: found.hasDefaultExport },
      { off: ['xit', 'it.only', 'this.skip'], titles: ['INV-001 b', 'd …'], hasDefault: true },
    );
  });
});
