import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { advisoriesOf, dependencyProblems, isAllowedLicence } from '../../../scripts/dependencyRules.ts';

const good = { version: '1.0.0', integrity: 'sha512-x', license: 'MIT' };

describe('the rules of dependencies', () => {
  it('take exact versions with checksums and free licences', () => {
    assert.deepEqual(
      dependencyProblems({ dependencies: { a: '1.2.3' }, devDependencies: { b: '1.0.0-rc.1' } }, { '': {}, 'node_modules/a': good }),
      [],
    );
    assert.deepEqual(dependencyProblems({}, { 'node_modules/esbuild': { ...good, hasInstallScript: true } }), []);
    assert.deepEqual(dependencyProblems({}, { 'node_modules/@x/win32-x64': { version: '1.0.0', optional: true } }), []);
  });

  it('refuse loose versions, scripts at installation, other sources, weak checksums and other licences', () => {
    const manifest = { dependencies: { a: '^1.2.3' }, devDependencies: { b: 'github:x/b' }, scripts: { postinstall: 'x' } };
    const packages = {
      'node_modules/c': { ...good, hasInstallScript: true },
      'node_modules/d/node_modules/e': { ...good, resolved: 'https://elsewhere.example/e.tgz' },
      'node_modules/f': { version: '1.0.0', license: 'MIT' },
      'node_modules/g': { ...good, integrity: 'sha1-x' },
      'node_modules/h': { ...good, license: 'AGPL-3.0-only' },
      'node_modules/i': { version: '1.0.0', integrity: 'sha512-x' },
    };
    assert.deepEqual(dependencyProblems(manifest, packages), [
      'a: not one exact version: ^1.2.3',
      'b: not one exact version: github:x/b',
      'package.json: a script that runs at installation: postinstall',
      'c: a script at installation',
      'e: from another place than the registry: https://elsewhere.example/e.tgz',
      'f: no checksum',
      'g: a weak checksum',
      'h: licence AGPL-3.0-only',
      'i: no licence',
    ]);
  });

  it('read combined licences', () => {
    assert.deepEqual(
      ['MIT OR GPL-3.0-or-later', '(MIT AND Zlib)', 'MIT AND GPL-3.0-only', '(GPL-2.0 OR AGPL-3.0)', 'SEE LICENSE IN x'].map(
        isAllowedLicence,
      ),
      [true, true, false, false, false],
    );
  });

  it('tell no advisory from no answer', () => {
    assert.equal(advisoriesOf(''), null);
    assert.equal(advisoriesOf('{"message":"405 Method Not Allowed"}'), null);
    assert.deepEqual(advisoriesOf('{"vulnerabilities":{}}'), []);
    const found = { vulnerabilities: { x: { severity: 'high', via: [{ title: 'Bad' }, 'y'] }, y: { severity: 'low', via: ['x'] } } };
    assert.deepEqual(advisoriesOf(JSON.stringify(found)), ['x: known advisory (high): Bad', 'y: known advisory (low)']);
  });
});
