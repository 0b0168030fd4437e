import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, it } from 'mocha';

const root = fileURLToPath(new URL('../../..', import.meta.url));

describe('what the panel loads', () => {
  it('has no classic zod, which would be most of it, and no part before its first picture that only other tabs need', async () => {
    const { metafile } = await build({
      entryPoints: ['webview-ui/src/panel.tsx'],
      absWorkingDir: root,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'browser',
      tsconfig: 'webview-ui/tsconfig.json',
      outdir: 'out',
      metafile: true,
      write: false,
      logLevel: 'silent',
    });
    const all = Object.keys(metafile.inputs);
    assert.deepEqual(
      all.filter((path) => /\/zod\/v\d\/classic\/|\/zod\/v3\//.test(path)),
      [],
    );
    const first = new Set<string>();
    const visit = (output: string): void => {
      if (first.has(output)) return;
      first.add(output);
      for (const { path, kind } of metafile.outputs[output]?.imports ?? []) if (kind === 'import-statement') visit(path);
    };
    visit('out/panel.js');
    const inputs = [...first].flatMap((output) => Object.keys(metafile.outputs[output]?.inputs ?? {}));
    const late = /uPlot\.esm|vscode-(textarea|textfield|single-select|option)\/|webview-ui\/src\/(diff\/diff|costs|conversation)/;
    assert.deepEqual([inputs.some((path) => path.includes('vscode-tabs')), inputs.filter((path) => late.test(path))], [true, []]);
  });
});
