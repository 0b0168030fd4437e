import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const root = fileURLToPath(new URL('../../..', import.meta.url));

let built: Promise<unknown> | undefined;

/** Builds the bundles from the present sources, once per process. */
export async function buildOnce(): Promise<void> {
  built ??= execa(process.execPath, ['esbuild.mjs'], { cwd: root });
  await built;
}
