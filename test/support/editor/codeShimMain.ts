import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { makeEditorHome } from './editorHome.ts';
import { runInHost } from './runInHost.ts';

// Stands in for the desktop's executable where VS Code can't be downloaded: @vscode/test-electron starts it with the desktop's arguments.
const args = process.argv.slice(2);
const named = (name: string): string => {
  const found = args.find((argument) => argument.startsWith(`--${name}=`));
  if (found === undefined) throw new Error(`--${name} is missing`);
  return found.slice(name.length + 3);
};

const home = makeEditorHome(mkdtempSync(join(realpathSync(tmpdir()), 'eh-')), process.env);
try {
  process.exitCode = await runInHost({
    home,
    extension: named('extensionDevelopmentPath'),
    tests: named('extensionTestsPath'),
    open: args.find((argument) => !argument.startsWith('-')) ?? null,
    limitMs: Number(process.env['REACTOR_HOST_LIMIT_MS'] ?? 300_000),
    onLog: (line) => process.stdout.write(`${line}\n`),
  });
} finally {
  home.remove();
}
