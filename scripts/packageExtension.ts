import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ensureTool, installLocked } from './toolFolder.ts';
import { packagingProblems, type VsixFile } from './vsixRules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Folder of the packager. It is no dependency: 88 MB, part of it under a licence that is not free, for something that is done seldom. */
export const ensureVsce = (say?: (line: string) => void): Promise<string> =>
  ensureTool({ name: 'vsce', title: 'vsce, the packager of VS Code (88 MB, once)', steps: [installLocked] }, say);

/**
 * Builds and packages the extension; checks that the package holds what is needed and nothing else.
 * @param file where the package is put, replacing what is there
 * @returns what is in it
 * @throws Error that lists what is wrong with the package; then there is none
 */
export async function packageExtension(file: string): Promise<readonly VsixFile[]> {
  const tool = await ensureVsce();
  const stage = mkdtempSync(join(tmpdir(), 'reactor-package-'));
  try {
    await fillStage(stage);
    const packed = join(stage, 'packed.vsix');
    const vsce = join(tool, 'node_modules', '@vscode', 'vsce', 'vsce');
    const args = [
      vsce,
      'package',
      '--no-dependencies',
      '--allow-missing-repository',
      '--skip-license',
      '--no-rewrite-relative-links',
      '--out',
      packed,
    ];
    await promisify(execFile)(process.execPath, args, { cwd: stage, maxBuffer: 16 * 1024 * 1024 });
    const files = await filesOf(packed, tool);
    const problems = packagingProblems(files, statSync(packed).size);
    if (problems.length > 0) throw new Error(`the package is wrong:\n${problems.join('\n')}`);
    mkdirSync(dirname(file), { recursive: true });
    cpSync(packed, `${file}.tmp`);
    renameSync(`${file}.tmp`, file);
    return files;
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** The files that are packed, under their names in the package. */
export async function stagedFiles(): Promise<readonly VsixFile[]> {
  const stage = mkdtempSync(join(tmpdir(), 'reactor-package-'));
  try {
    await fillStage(stage);
    const entries = readdirSync(stage, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const files = entries.map((entry) => join(entry.parentPath, entry.name)).filter((file) => relative(stage, file) !== '.vscodeignore');
    return files.map((file) => ({ path: inPackage(relative(stage, file)), content: readFileSync(file) }));
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** The packager gives three files names of its own. */
const inPackage = (path: string): string =>
  `extension/${path
    .replace(/^README\.md$/, 'readme.md')
    .replace(/^CHANGELOG\.md$/, 'changelog.md')
    .replace(/^LICENSE$/, 'LICENSE.txt')}`;

/** dist/ keeps the chunks of earlier builds for programs that still run; only this build's own go into the package. */
async function fillStage(stage: string): Promise<void> {
  const { build } = (await import(pathToFileURL(join(root, 'esbuild.mjs')).href)) as {
    build: (root: string) => Promise<readonly { readonly name: string }[]>;
  };
  const built = (await build(root)).map(({ name }) => join('dist', name));
  const schema = join('dist', 'reactor.schema.json');
  const named = [
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    '.vscodeignore',
    'media',
    ...built,
    ...(existsSync(join(root, schema)) ? [schema] : []),
  ];
  for (const name of named) cpSync(join(root, name), join(stage, name), { recursive: true });
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  // Everything is in the bundles. npm's own keys say nothing to an editor.
  for (const key of ['dependencies', 'devDependencies', 'optionalDependencies', 'scripts', 'bin', 'private']) delete manifest[key];
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The part of yauzl that is used; it comes with the packager. */
interface ZipFile {
  readonly entryCount: number;
  on(event: 'entry', listener: (entry: { readonly fileName: string; readonly uncompressedSize: number }) => void): void;
  on(event: 'end', listener: () => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  readEntry(): void;
  openReadStream(entry: unknown, done: (error: Error | null, stream: Readable) => void): void;
}

async function filesOf(vsix: string, tool: string): Promise<VsixFile[]> {
  const { open } = createRequire(join(tool, 'package.json'))('yauzl') as {
    open: (file: string, options: { lazyEntries: boolean }, done: (error: Error | null, zip: ZipFile) => void) => void;
  };
  const zip = await new Promise<ZipFile>((done, fail) => {
    open(vsix, { lazyEntries: true }, (error, opened) => (error === null ? done(opened) : fail(error)));
  });
  const files: VsixFile[] = [];
  return new Promise((done, fail) => {
    zip.on('error', fail);
    zip.on('end', () => done(files.sort((a, b) => (a.path < b.path ? -1 : 1))));
    zip.on('entry', (entry) => {
      zip.openReadStream(entry, (error, stream) => {
        if (error !== null) {
          fail(error);
          return;
        }
        buffer(stream).then((content) => {
          files.push({ path: entry.fileName, content });
          zip.readEntry();
        }, fail);
      });
    });
    zip.readEntry();
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = resolve(process.argv[2] ?? join(root, 'reactor.vsix'));
  try {
    const files = await packageExtension(file);
    for (const { path, content } of files) process.stdout.write(`${String(Math.ceil(content.length / 1024)).padStart(6)} kB  ${path}\n`);
    process.stdout.write(`${relative(process.cwd(), file)}: ${files.length} files, ${Math.ceil(statSync(file).size / 1024)} kB\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
