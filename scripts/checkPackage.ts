import process from 'node:process';
import { stagedFiles } from './packageExtension.ts';
import { packagingProblems } from './vsixRules.ts';

// Looks at what would be packed, without the packager: the two files that it adds by itself are taken as given.
const added = ['[Content_Types].xml', 'extension.vsixmanifest'].map((path) => ({ path, content: new Uint8Array() }));
const files = [...(await stagedFiles()), ...added];
const problems = packagingProblems(files, 0);
process.stdout.write([...problems, `${files.length} files looked at`].map((line) => `${line}\n`).join(''));
process.exitCode = problems.length > 0 ? 1 : 0;
