import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { packagingProblems, type VsixFile } from '../../../scripts/vsixRules.ts';

const good: Readonly<Record<string, string>> = {
  '[Content_Types].xml': '',
  'extension.vsixmanifest': '',
  'extension/package.json': JSON.stringify({ main: './dist/extension.cjs', icon: 'media/icon.png' }),
  'extension/readme.md': '',
  'extension/LICENSE.txt': '',
  'extension/dist/extension.cjs': "const host = import('./host.mjs');",
  'extension/dist/host.mjs': "import{a}from'./chunk-AB12.mjs';",
  'extension/dist/chunk-AB12.mjs': '',
  'extension/dist/cli.mjs': '',
  'extension/dist/warden.mjs': '',
  'extension/dist/webview/panel.js': '',
  'extension/media/icon.png': '',
};
const files = (change: Readonly<Record<string, string | undefined>> = {}): VsixFile[] =>
  Object.entries({ ...good, ...change }).flatMap(([path, text]) => (text === undefined ? [] : [{ path, content: Buffer.from(text) }]));

describe('the rules of the package', () => {
  it('take what is needed', () => assert.deepEqual(packagingProblems(files(), 1_000_000), []));

  it('refuse what nobody expects', () => {
    const found = packagingProblems(files({ 'extension/src/a.ts': '', 'extension/dist/host.mjs.map': '', 'extension/.env': '' }), 1000);
    assert.deepEqual(found, [
      'not expected: extension/src/a.ts',
      'not expected: extension/dist/host.mjs.map',
      'not expected: extension/.env',
    ]);
  });

  it('miss what the manifest or a bundle names', () => {
    const found = packagingProblems(files({ 'extension/media/icon.png': undefined, 'extension/dist/chunk-AB12.mjs': undefined }), 1000);
    assert.deepEqual(found, ['missing: extension/media/icon.png', 'missing: extension/dist/chunk-AB12.mjs']);
  });

  it('refuse more than 2 MB', () => {
    assert.deepEqual(packagingProblems(files(), 2_097_153), ['too large: 2097153 bytes, at most 2097152']);
  });
});
