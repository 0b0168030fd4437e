import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { defaultSandbox } from '../support/defaultSandbox.ts';
import type { Benchmark, Measured } from './benchmark.ts';
import { measure } from './measure.ts';
import { renderTable } from './table.ts';

// npm run bench [-- NAME… --json FILE --rounds N]: a NAME picks the benchmarks whose name contains it; N rounds are for a quick look.
// Exit code 1 when one could not be measured or no name matched; a target that does not hold is shown, not failed.
const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' }, rounds: { type: 'string' } } });

async function loadAll(): Promise<Benchmark[]> {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const all: Benchmark[] = [];
  for (const file of globSync('**/*.bench.ts', { cwd: folder }).sort()) {
    const module: { benchmarks?: readonly Benchmark[] } = await import(pathToFileURL(join(folder, file)).href);
    if (module.benchmarks === undefined) throw new Error(`${file} exports no benchmarks`);
    all.push(...module.benchmarks);
  }
  return all;
}

process.env['REACTOR_SANDBOX'] ??= await defaultSandbox();
const all = await loadAll();
const chosen = positionals.length === 0 ? all : all.filter(({ name }) => positionals.some((part) => name.includes(part)));
if (chosen.length === 0) {
  process.stderr.write(`no benchmark is named like that; there are:\n${all.map(({ name }) => `  ${name}`).join('\n')}\n`);
  process.exitCode = 1;
}

const results: Measured[] = [];
for (const benchmark of chosen) {
  process.stderr.write(`${benchmark.name} …\n`);
  try {
    results.push(await measure(benchmark, values.rounds === undefined ? undefined : Number(values.rounds)));
  } catch (error) {
    process.stderr.write(`${benchmark.name} failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  }
}
if (results.length > 0) process.stdout.write(`${renderTable(results)}\n`);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
