import { chmodSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Writable } from 'node:stream';
import { runTests } from '@vscode/test-electron';
import * as esbuild from 'esbuild';
import { desktopEditor } from '../../../scripts/desktopEditor.ts';
import { projectRoot } from './codeServer.ts';
import type { HostResult } from './hostResults.ts';

export interface HostSessionRequest {
  /** Files in test/host/inside, without `.ts`. */
  readonly suites: readonly string[];
  /** Folder or `.code-workspace` file. */
  readonly open: string;
  /** A folder for the session's own files. */
  readonly scratch: string;
  readonly env: NodeJS.ProcessEnv;
  readonly limitMs: number;
}

/**
 * Runs suites of test/host/inside in a real extension host through @vscode/test-electron: that of the desktop's VS Code where there is one,
 * else that of code-server. @returns the result of each test
 * @throws Error with the editor's log when the suites broke off
 */
export async function hostSession({ suites, open, scratch, env, limitMs }: HostSessionRequest): Promise<readonly HostResult[]> {
  const bundles = await bundleInside();
  const results = join(scratch, 'host-results.json');
  let log = '';
  const keep = new Writable({
    write(chunk: Buffer, _encoding, done) {
      log = (log + chunk.toString()).slice(-20_000);
      done();
    },
  });
  const exit = await runTests({
    vscodeExecutablePath: desktopEditor()?.executable ?? writeShim(scratch),
    extensionDevelopmentPath: projectRoot,
    extensionTestsPath: join(bundles, 'index.cjs'),
    launchArgs: [open, `--user-data-dir=${join(scratch, 'desktop')}`, `--extensions-dir=${join(scratch, 'extensions')}`],
    // What the editor is started with has to be private wholly; its `extensionTestsEnv` only adds to the present environment.
    extensionTestsEnv: {
      ...cleared(env),
      REACTOR_HOST_SUITES: suites.map((suite) => join(bundles, `${suite}.cjs`)).join('\n'),
      REACTOR_HOST_RESULTS: results,
      REACTOR_HOST_LIMIT_MS: String(limitMs),
    },
    stdout: keep,
    stderr: keep,
  }).catch((error: unknown) => String(error));
  const found = existsSync(results) ? (JSON.parse(readFileSync(results, 'utf8')) as readonly HostResult[]) : [];
  const last = found.at(-1);
  if (last !== undefined && last.state !== 'begun') return found;
  const where = last === undefined ? 'before the first test' : `during “${last.title}”`;
  throw new Error(`the suites did not run to their end, they broke off ${where} (${exit})\n${log}`);
}

/** Bundled into the project, where mocha is found. @returns the folder */
async function bundleInside(): Promise<string> {
  const outdir = join(projectRoot, 'out', 'host');
  await esbuild.build({
    entryPoints: globSync(join(projectRoot, 'test', 'host', 'inside', '*.ts')),
    outdir,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    outExtension: { '.js': '.cjs' },
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return outdir;
}

/** An executable that runs codeShimMain.ts under this Node. */
function writeShim(scratch: string): string {
  mkdirSync(scratch, { recursive: true });
  const file = join(scratch, 'code');
  const main = join(projectRoot, 'test', 'support', 'editor', 'codeShimMain.ts');
  writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' --disable-warning=ExperimentalWarning '${main}' "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

/** Undefined for what is not in `env`, so that it is taken away. */
const cleared = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined])),
  ...env,
});

/** The tests of a suite that did not pass, as text; and a line when there was none at all. */
export function troubles(results: readonly HostResult[], suite: string): string[] {
  const own = results.filter((result) => result.suite === basename(suite));
  const failed = own.filter(({ state }) => state !== 'passed').map(({ title, state, error }) => `${state}: ${title}\n${error ?? ''}`);
  return own.length === 0 ? [`no test of ${suite} ran`] : failed;
}
