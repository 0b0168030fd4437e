import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { DetectedTest } from '../../core/ports/project.ts';
import { isFile, isThere, peek } from './boundedFile.ts';

const Manifest = z.object({
  scripts: z.object({ test: z.string().optional().catch(undefined) }).catch({}),
  packageManager: z.string().optional().catch(undefined),
});
type Manifest = z.infer<typeof Manifest>;

const runners = { npm: 'npm test', pnpm: 'pnpm test', yarn: 'yarn test', bun: 'bun run test' } as const;
type Runner = keyof typeof runners;

const lockFiles: readonly (readonly [string, Runner])[] = [
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
];

/** What `npm init` writes where no test was given. */
const isPlaceholder = (script: string): boolean => script.trim() === '' || /^echo\s.*no test specified/.test(script.trim());

const MAX_MANIFEST = 1_048_576;

async function readManifest(folder: string): Promise<Manifest | null> {
  try {
    return Manifest.parse({ scripts: {}, ...JSON.parse(await peek(join(folder, 'package.json'), MAX_MANIFEST)) });
  } catch {
    // Nothing that names a test. What is wrong with it is for the package manager to say.
    return null;
  }
}

/** By the nearest lock file, else the nearest `packageManager` field, from the folder up to the top of its repository. */
async function findRunner(folder: string): Promise<Runner> {
  const folders = await upToTop(folder);
  for (const at of folders) {
    for (const [name, runner] of lockFiles) if (await isFile(join(at, name))) return runner;
  }
  for (const at of folders) {
    const named = (await readManifest(at))?.packageManager?.split('@')[0] ?? '';
    if (Object.hasOwn(runners, named)) return named as Runner;
  }
  return 'npm';
}

/** The folder and those above it up to the one with `.git`; the folder alone when it is in no repository. */
async function upToTop(folder: string): Promise<string[]> {
  const folders: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    folders.push(at);
    if (await isThere(join(at, '.git'))) return folders;
    if (dirname(at) === at) return [folder];
  }
}

export async function detectJavaScript(folder: string): Promise<DetectedTest | null> {
  const script = (await readManifest(folder))?.scripts.test;
  if (script === undefined || isPlaceholder(script)) return null;
  const runner = await findRunner(folder);
  return { command: runners[runner], source: `package.json scripts.test (${runner})` };
}
