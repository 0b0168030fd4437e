import type { PatchFile } from '../../projections/parsePatch.ts';
import type { SecretGuard } from './secretGuard.ts';

/** A secret that a change would bring in. */
export interface AddedSecret {
  readonly path: string;
  /** In the new file, from 1; 0 for the path itself. */
  readonly line: number;
  readonly name: string;
  readonly id: string;
}

/** A change with more than this many is told by the first ones. */
const MOST = 20;

/** Secrets in the lines that the files of a unified diff add; those in lines that stay or go are none of the change's. */
export function addedSecrets(files: readonly PatchFile[], guard: Pick<SecretGuard, 'find'>, allowed: readonly string[]): AddedSecret[] {
  const found: AddedSecret[] = [];
  for (const { path, hunks } of files) {
    for (const { lines, newStart } of hunks) {
      let line = newStart;
      let block: string[] = [];
      const look = (): void => {
        if (block.length === 0) return;
        const text = block.join('\n');
        // They come in order: each line is counted once.
        let [current, end] = [line - block.length, text.indexOf('\n')];
        for (const { at, name, id } of guard.find(text)) {
          for (; end >= 0 && end < at; end = text.indexOf('\n', end + 1)) current += 1;
          if (!allowed.includes(id)) found.push({ path, line: current, name, id });
        }
        block = [];
      };
      for (const content of lines) {
        if (content.startsWith('+')) {
          block.push(content.slice(1));
          line += 1;
          continue;
        }
        look();
        if (content.startsWith(' ')) line += 1;
      }
      look();
      if (found.length >= MOST) return found.slice(0, MOST);
    }
  }
  return found;
}

/** Secrets in the names that a change gives files. What is recorded of such a path has them covered. */
export const namedSecrets = (paths: readonly string[], guard: Pick<SecretGuard, 'find'>, allowed: readonly string[]): AddedSecret[] =>
  paths
    .flatMap((path) => guard.find(path).map(({ name, id }) => ({ path, line: 0, name, id })))
    .filter(({ id }) => !allowed.includes(id))
    .slice(0, MOST);

/** Where and what, without the value: `src/a.ts:3 (GitHub token)`. */
export const addedSecretText = ({ path, line, name }: Pick<AddedSecret, 'path' | 'line' | 'name'>): string =>
  line === 0 ? `${path} (${name} in its name)` : `${path}:${line} (${name})`;
