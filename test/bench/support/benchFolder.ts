import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let root: string | undefined;

/** One folder for all that the benchmarks of this process make; removed when the process ends. */
export function benchFolder(): string {
  if (root === undefined) {
    const made = realpathSync(mkdtempSync(join(tmpdir(), 'reactor-bench-')));
    root = made;
    process.once('exit', () => rmSync(made, { recursive: true, force: true, maxRetries: 5 }));
  }
  return root;
}

/** A new folder of this name below it. */
export const newFolder = (name: string): string => mkdtempSync(join(benchFolder(), `${name}-`));
