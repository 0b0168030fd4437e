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
  writeFileSync(file, `process.chdir(${JSON.stringify(worktree)});\nexport const Arrival = async () => ({});\n${KEEP_APART}`);
  const others: unknown[] = Array.isArray(config['plugin']) ? config['plugin'] : [];
  return { config: { ...config, plugin: [`file://${file}`, ...others] }, environment: {} };
}

const C_LIBRARIES = ['libc.so.6', 'libc.so', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1', 'libSystem.B.dylib'];

/**
 * Takes sockets with abstract names, which no mount covers, out of the reach of what this thread starts, but for those that it makes itself: Landlock's scope
 * for them (landlock(7)), by its system calls, which have the same numbers on all processors. Where the kernel has none (before Linux 6.12, or with Landlock
 * switched off) all stays as it was. No right is given up by it that mounts need.
 */
const KEEP_APART = `try {
  const { dlopen, ptr } = await import('bun:ffi');
  const { closeSync } = await import('node:fs');
  const [create, restrict, scopesSince, abstractSockets] = [444, 446, 6, 1n];
  const attributes = new BigUint64Array([0n, 0n, abstractSockets]);
  const libraries = process.platform === 'linux' ? ${JSON.stringify(C_LIBRARIES)} : [];
  const [call] = libraries.flatMap((name) => {
    try {
      return [dlopen(name, { syscall: { args: ['i64', 'i64', 'i64', 'i64'], returns: 'i64' } }).symbols.syscall];
    } catch {
      return [];
    }
  });
  if (call !== undefined && Number(call(create, 0, 0, 1)) >= scopesSince) {
    const rules = Number(call(create, ptr(attributes), attributes.byteLength, 0));
    if (rules >= 0) {
      call(restrict, rules, 0, 0);
      closeSync(rules);
    }
  }
} catch {
  // What is not there can't be used.
}
`;

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
${KEEP_APART}`;

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
