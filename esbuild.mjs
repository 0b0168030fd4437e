import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

/** Messages of zod in languages that nothing here asks for: half a megabyte that each command would load. */
const englishOnly = {
  name: 'english-only',
  setup(build) {
    build.onResolve({ filter: /locales\/index\.js$/ }, (args) =>
      args.importer.includes(`${sep}zod${sep}`) ? { path: join(args.resolveDir, '../locales/en.js'), namespace: 'english' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'english' }, (args) => ({
      contents: `export { default as en } from ${JSON.stringify(args.path)};`,
      resolveDir: join(args.path, '..'),
    }));
  },
};

const shared = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  outExtension: { '.js': '.mjs' },
  legalComments: 'none',
  logLevel: 'warning',
  write: false,
  plugins: [englishOnly],
  // No external modules: a host's own module (such as `vscode`) imported from the command line fails the build.
  external: [],
  // Packages that are CommonJS inside call require() for Node's own modules.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
};

/**
 * What is built: one entry per file that is started or loaded by name. Everything lies flat in dist/, lazy chunks too,
 * so that `new URL('./warden.mjs', import.meta.url)` is right from any of them.
 */
const bundles = (root) => [
  {
    ...shared,
    entryPoints: { reactor: join(root, 'scripts/launcher.mjs') },
    target: 'node14',
    banner: { js: '#!/usr/bin/env node' },
  },
  {
    ...shared,
    // One build, so that the command line and the editor's side share their chunks.
    entryPoints: { cli: join(root, 'src/cli.ts'), ...(hasEditor(root) ? { host: join(root, 'src/extensionHost.ts') } : {}) },
    splitting: true,
    chunkNames: '[name]-[hash]',
  },
  ...(hasEditor(root) ? [extension(root)] : []),
  { ...shared, entryPoints: { warden: join(root, 'src/adapters/processes/wardenMain.ts') } },
  { ...shared, entryPoints: { journalVerifier: join(root, 'src/adapters/journal/verifierMain.ts') } },
  ...(existsSync(join(root, 'webview-ui')) ? [panel(root)] : []),
];

const hasEditor = (root) => existsSync(join(root, 'src/extension.ts'));

/** The editor loads this one file at its start; `host.mjs` and what it needs follow at the first use. */
const extension = (root) => ({
  ...shared,
  entryPoints: { extension: join(root, 'src/extension.ts') },
  format: 'cjs',
  banner: {},
  outExtension: { '.js': '.cjs' },
  external: ['vscode'],
  minify: true,
  plugins: [
    {
      name: 'hostLater',
      setup: (builder) => builder.onResolve({ filter: /\/extensionHost\.ts$/ }, () => ({ path: './host.mjs', external: true })),
    },
  ],
});

/** The panel's page: everything it loads lies in dist/webview, the only folder the page may read. */
const panel = (root) => ({
  entryPoints: {
    'webview/panel': join(root, 'webview-ui/src/panel.tsx'),
    'webview/codicon': join(root, 'node_modules/@vscode/codicons/dist/codicon.css'),
  },
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'chrome138',
  tsconfig: join(root, 'webview-ui/tsconfig.json'),
  splitting: true,
  chunkNames: 'webview/[name]-[hash]',
  assetNames: 'webview/[name]-[hash]',
  loader: { '.ttf': 'file' },
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  write: false,
  plugins: [englishOnly],
});

const dayMs = 24 * 3_600_000;

/**
 * Each file is written beside its place and renamed, so that a command started meanwhile never reads half of one. Chunks of earlier
 * builds stay for a day: a process that runs still loads its own.
 */
function place(outdir, files) {
  for (const folder of new Set([outdir, ...files.map((file) => dirname(file.path))])) {
    placeIn(
      folder,
      files.filter((file) => dirname(file.path) === folder),
    );
  }
}

function placeIn(outdir, files) {
  mkdirSync(outdir, { recursive: true });
  for (const file of files) {
    const temporary = `${file.path}.${process.pid}.tmp`;
    writeFileSync(temporary, file.contents);
    if (basename(file.path) === 'reactor.mjs') chmodSync(temporary, 0o755);
    renameSync(temporary, file.path);
  }
  const kept = new Set(files.map((file) => relative(outdir, file.path)));
  for (const name of readdirSync(outdir)) {
    const file = join(outdir, name);
    const found = statSync(file);
    if (name !== '.built' && !kept.has(name) && found.isFile() && Date.now() - found.mtimeMs > dayMs) rmSync(file);
  }
}

/** Builds every bundle below `root` into `root`/dist. @throws when one fails; then nothing is written */
export async function build(root) {
  const outdir = join(root, 'dist');
  const startedAt = new Date();
  const results = await Promise.all(bundles(root).map((options) => esbuild.build({ ...options, outdir, absWorkingDir: root })));
  place(
    outdir,
    results.flatMap((result) => result.outputFiles),
  );
  // Editors complete and check reactor.yaml by it.
  if (existsSync(join(root, 'src/core/model/projectConfig.ts'))) {
    const { writeSchema } = await import('./scripts/generateSchema.ts');
    writeSchema(join(outdir, 'reactor.schema.json'));
  }
  // Dated by the start: a source changed while the build ran makes it stale.
  const stamp = join(outdir, '.built');
  writeFileSync(stamp, '');
  utimesSync(stamp, startedAt, startedAt);
  return results.flatMap((result) =>
    result.outputFiles.map((file) => ({ name: relative(outdir, file.path), bytes: file.contents.length })),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('.', import.meta.url));
  try {
    const files = await build(root);
    for (const { name, bytes } of files) process.stdout.write(`dist/${name} ${Math.ceil(bytes / 1024)} kB\n`);
  } catch (error) {
    // esbuild has already shown what is wrong and where.
    if (!Array.isArray(error?.errors)) process.stderr.write(`${error?.stack ?? error}\n`);
    process.exitCode = 1;
  }
}
