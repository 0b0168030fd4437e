import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { cleanLines } from '../../../src/cli/commands/keeping.ts';
import { runCli } from '../../../src/cli/runCli.ts';
import type { Orphan } from '../../../src/protocol/messages.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { cli, fakeHost } from '../../support/cli/fakeHost.ts';
import { FakeTerminal } from '../../support/cli/fakeTerminal.ts';

const keptElsewhere: Orphan = { kind: 'branch', name: 'reactor/done', why: 'its run has ended', keptIn: 'main', removed: false };
const old: Orphan = { kind: 'log', name: 'old-r1', why: 'output', keptIn: null, limit: 'older than 90 days', removed: false };
const onlyPlace: Orphan = { kind: 'branch', name: 'reactor/own', why: 'its run has ended', keptIn: null, removed: false };

/** As the real one: the third goes only by its name. */
function cleaning(): FakeEngine {
  const engine = new FakeEngine();
  engine.handlers.clean = ({ dryRun, pastLimits, names, shown }) => ({
    orphans: [keptElsewhere, ...(pastLimits === true ? [old] : []), onlyPlace]
      .filter(({ name }) => names?.includes(name) ?? true)
      .filter(({ kind, name }) => shown?.some((one) => one.kind === kind && one.name === name) ?? true)
      .map((orphan) => ({ ...orphan, removed: !dryRun && (orphan !== onlyPlace || names !== undefined) })),
  });
  return engine;
}

/** `reactor clean` on a terminal with somebody who answers so. */
async function answered(typed: string | null, engine: FakeEngine): Promise<{ exitCode: number; out: string; questions: string[] }> {
  const terminal = new FakeTerminal(['clean'], { tty: true });
  const ended = runCli(terminal, () => Promise.resolve(fakeHost(engine)));
  await terminal.type(typed);
  return { exitCode: await ended, out: terminal.stdout.text, questions: terminal.questions };
}

const listed = 'clean {"dryRun":true,"pastLimits":true}';
const removesBoth =
  'clean {"dryRun":false,"pastLimits":true,"shown":[{"kind":"branch","name":"reactor/done"},{"kind":"log","name":"old-r1"}]}';

describe('reactor clean', () => {
  it('tells where each is kept, as far as there is anything to keep', () => {
    const port: Orphan = {
      kind: 'port',
      name: '8001',
      why: 'leased by a process that has died',
      keptIn: 'nothing to keep',
      removed: false,
    };
    assert.deepEqual(cleanLines([keptElsewhere, old, onlyPlace, port], true, { columns: 120, colours: false }).slice(0, -1), [
      '· would go branch   reactor/done  its run has ended; kept in main',
      '· would go log      old-r1  output; past its limit: older than 90 days',
      '! stays    branch   reactor/own  its run has ended; kept nowhere else',
      '· would go port     8001  leased by a process that has died; nothing to keep',
    ]);
  });

  it('lists and removes nothing with --dry-run', async () => {
    const engine = cleaning();
    const { out } = await cli(['clean', '--dry-run'], fakeHost(engine));
    assert.deepEqual(engine.asked, [listed]);
    assert.match(out, /2 orphans would be removed: reactor clean; 1 left, since removing would lose something or failed\n$/);
  });

  it('leaves what is past its limit where nobody can be asked and --yes does not say so', async () => {
    const engine = cleaning();
    const { exitCode, out } = await cli(['clean'], fakeHost(engine));
    assert.deepEqual([exitCode, engine.asked], [0, [listed, 'clean {"dryRun":false}']]);
    assert.match(out, /1 orphan removed; 1 past a limit: reactor clean --yes; 1 left, since removing would lose something or failed\n$/);
  });

  it('removes with --yes what it has listed, and tells of the rest', async () => {
    const engine = cleaning();
    const { out } = await cli(['clean', '--yes', '--json'], fakeHost(engine));
    assert.deepEqual(engine.asked, [listed, removesBoth]);
    const { orphans } = JSON.parse(out) as { orphans: Orphan[] };
    assert.deepEqual(
      orphans.map(({ name, removed }) => [name, removed]),
      [
        ['reactor/done', true],
        ['old-r1', true],
        ['reactor/own', false],
      ],
    );
  });

  it('on a terminal lists first, asks, and removes what was listed', async () => {
    const engine = cleaning();
    const { out, questions } = await answered('y', engine);
    assert.deepEqual([engine.asked, questions], [[listed, removesBoth], ['Remove 2 orphans? [y/N] ']]);
    assert.match(out, /would go[\s\S]*2 orphans removed\n$/);
  });

  it('on a terminal removes nothing without a yes', async () => {
    for (const typed of ['', 'n', null]) {
      const engine = cleaning();
      const { exitCode, out } = await answered(typed, engine);
      assert.deepEqual([exitCode, engine.asked], [0, [listed]]);
      assert.match(out, /Nothing was removed\.\n$/);
    }
  });

  it('removes what is named without a question, also when it is kept nowhere else', async () => {
    const engine = cleaning();
    const { out } = await cli(['clean', 'reactor/own'], fakeHost(engine));
    const names = '"names":["reactor/own"]';
    assert.deepEqual(engine.asked, [
      `clean {"dryRun":true,"pastLimits":true,${names}}`,
      `clean {"dryRun":false,"pastLimits":true,${names},"shown":[{"kind":"branch","name":"reactor/own"}]}`,
    ]);
    assert.match(out, /1 orphan removed\n$/);
  });

  it('removes nothing when one of the names is none', async () => {
    const engine = cleaning();
    const { exitCode, err } = await cli(['clean', 'reactor/own', 'reactor/onw'], fakeHost(engine));
    assert.deepEqual([exitCode, engine.asked], [1, ['clean {"dryRun":true,"pastLimits":true,"names":["reactor/own","reactor/onw"]}']]);
    assert.match(err, /Nothing to clean is named reactor\/onw\. Nothing was removed\./);
  });
});
