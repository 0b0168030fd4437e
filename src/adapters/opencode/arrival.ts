import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigTree } from './configTree.ts';

/** A file that the server's runtime (Bun) runs before all else. It is meant for debuggers; whether a program heeds it is tried (`arrivalProbe`). */
const PRELOAD = 'BUN_INSPECT_PRELOAD';

/** Variables that only the server may see. */
export const ARRIVAL_VARIABLES: readonly string[] = [PRELOAD];

export interface Arrival {
  readonly config: ConfigTree;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * How a sandboxed server comes to its worktree (INV-002). Where Bun stands it looks for a `tsconfig.json`, whenever code of the server's asks for a module
 * that is not there, and would load what the repository's leads to into the server, beside its keys. So the server starts in `/`, and a file of Reactor's,
 * run before all else, tells the system to go to the worktree, and Bun nothing of it. Where a runtime does not do that, a plugin goes there once the
 * server has loaded what it needs at its start. Without a sandbox commands can read the server's keys anyway, and it starts in the worktree.
 * @param home the cell's folder; the file is written where nothing in the cell can change it.
 */
export function arrivalOf(
  config: ConfigTree,
  { home, worktree, preloads, isEnclosed }: { home: string; worktree: string; preloads: boolean; isEnclosed: boolean },
): Arrival {
  if (!isEnclosed) return { config, environment: {} };
  const folder = join(home, 'config');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'arrival.mjs');
  if (preloads) {
    writeFileSync(file, goTo(worktree));
    return { config, environment: { [PRELOAD]: file } };
  }
  writeFileSync(file, `process.chdir(${JSON.stringify(worktree)});\nexport const Arrival = async () => ({});\n`);
  const others: unknown[] = Array.isArray(config['plugin']) ? config['plugin'] : [];
  return { config: { ...config, plugin: [`file://${file}`, ...others] }, environment: {} };
}

const C_LIBRARIES = ['libc.so.6', 'libc.so', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1', 'libSystem.B.dylib'];

/** `process.chdir` would tell Bun. What the server starts itself has no use for the variable. */
const goTo = (folder: string): string => `import { dlopen, ptr } from 'bun:ffi';
const folder = ${JSON.stringify(folder)};
const open = (name) => {
  try {
    return [dlopen(name, { chdir: { args: ['ptr'], returns: 'int' } }).symbols];
  } catch {
    return [];
  }
};
const [library] = ${JSON.stringify(C_LIBRARIES)}.flatMap(open);
if (library === undefined || library.chdir(ptr(Buffer.from(folder + '\\0'))) !== 0) throw new Error('cannot go to ' + folder);
process.cwd = () => folder;
delete process.env.${PRELOAD};
`;

/** What a program whose runtime can be led like this says to standard error when it is started with this environment. */
export function arrivalProbe(): {
  readonly environment: Readonly<Record<string, string>>;
  readonly says: string;
  readonly dispose: () => void;
} {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'reactor-arrival-')));
  const file = join(folder, 'probe.mjs');
  const says = `came to ${folder}`;
  writeFileSync(file, `${goTo(folder)}console.error('came to ' + process.cwd());\n`);
  return { environment: { [PRELOAD]: file }, says, dispose: () => rmSync(folder, { recursive: true, force: true }) };
}
