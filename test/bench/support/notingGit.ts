import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { newFolder } from './benchFolder.ts';

/** A `git` for the front of PATH that notes each call in a file and then is the real one. @returns its folder */
export async function notingGit(notes: string): Promise<string> {
  const folder = newFolder('noting-git');
  const { stdout: real } = await execa('sh', ['-c', 'command -v git']);
  const file = join(folder, 'git');
  writeFileSync(file, `#!/bin/sh\nprintf '%s\\n' "$*" >>'${notes}'\nexec '${real}' "$@"\n`);
  chmodSync(file, 0o755);
  writeFileSync(notes, '');
  return folder;
}
