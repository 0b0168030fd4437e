import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ensureTool, type ToolRequest } from '../../../scripts/toolFolder.ts';

const module = pathToFileURL(join(import.meta.dirname, '../../../scripts/toolFolder.ts')).href;

describe('a tool that is installed on demand', () => {
  let folder: string;
  let cache: string;
  const before = process.env['REACTOR_EDITOR_CACHE'];
  let said: string[];
  let done: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tool-'));
    cache = join(folder, 'cache');
    process.env['REACTOR_EDITOR_CACHE'] = cache;
    pin('1');
    said = [];
    done = [];
  });
  afterEach(() => {
    if (before === undefined) delete process.env['REACTOR_EDITOR_CACHE'];
    else process.env['REACTOR_EDITOR_CACHE'] = before;
    rmSync(folder, { recursive: true, force: true });
  });

  const pin = (version: string): void => {
    mkdirSync(join(folder, 'pins'), { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) writeFileSync(join(folder, 'pins', file), JSON.stringify({ version }));
  };
  let fails = false;
  const request = (): ToolRequest => ({
    name: 'anvil',
    title: 'an anvil',
    pins: join(folder, 'pins'),
    steps: [
      async ({ folder: own }) => {
        done.push('first');
        writeFileSync(join(own, 'made'), readFileSync(join(own, 'package.json')));
      },
      async ({ run }) => {
        done.push('second');
        await run(process.execPath, ['-e', fails ? 'console.error("no iron"); process.exit(3)' : '']);
      },
    ],
  });
  const ensure = (): Promise<string> => ensureTool(request(), (line) => said.push(line));

  it('is installed once, with one line, and only found from then on', async () => {
    const found = await ensure();
    assert.equal(await ensure(), found);
    assert.deepEqual(
      { done, said, made: readFileSync(join(found, 'made'), 'utf8') },
      {
        done: ['first', 'second'],
        said: [`installing an anvil into ${cache} …`],
        made: '{"version":"1"}',
      },
    );
  });

  it('is installed once when it is asked for twice at a time', async () => {
    const [first, second] = await Promise.all([ensure(), ensure()]);
    assert.deepEqual([first === second, done], [true, ['first', 'second']]);
  });

  it('is not there when a step failed, says why, and goes on with that step', async () => {
    fails = true;
    await assert.rejects(ensure(), /^Error: an anvil could not be installed: .* ended with 3\nno iron$/);
    assert.deepEqual(
      readdirSync(cache).filter((name) => existsSync(join(cache, name, 'complete'))),
      [],
    );
    fails = false;
    const found = await ensure();
    assert.deepEqual([done, readdirSync(cache)], [['first', 'second', 'second'], [found.slice(cache.length + 1)]]);
  });

  it('goes on where a process was killed', async () => {
    const code = `import { ensureTool } from ${JSON.stringify(module)};
      const steps = [async ({ folder }) => {}, async () => { console.log('here'); await new Promise((r) => setInterval(() => {}, 1000)); }];
      await ensureTool({ name: 'anvil', title: 'an anvil', pins: ${JSON.stringify(join(folder, 'pins'))}, steps }, () => {});`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const [partial] = readdirSync(cache);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.match(partial ?? '', new RegExp(`\\.partial-${child.pid}$`));
    const found = await ensure();
    assert.deepEqual(readdirSync(cache), [found.slice(cache.length + 1)]);
  });

  it('is replaced when another version is pinned', async () => {
    const first = await ensure();
    pin('2');
    const second = await ensure();
    assert.deepEqual([existsSync(first), readFileSync(join(second, 'made'), 'utf8')], [false, '{"version":"2"}']);
  });
});
