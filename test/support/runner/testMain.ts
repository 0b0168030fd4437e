import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundles, type Check, checks, editor, houseRules, runCheck } from './checks.ts';
import { endAll, isAgentServer, settled } from './ownProcesses.ts';
import { mochaArguments, partsOf, runPart, type SuitePart } from './runSuite.ts';
import { type Suite, suites } from './suites.ts';
import { openTestRoom, type TestRoom } from './testRoom.ts';
import { counts, type Outcome, outcomeLine, together } from './totals.ts';

// testMain.ts               checks and suites, totals in the last line
// testMain.ts all           the same with the suites that run on request only
// testMain.ts check         the static checks
// testMain.ts SUITE [ARGS]  one suite with mocha's own output; ARGS go to mocha
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Servers end within 5 s of SIGTERM, the warden's grace time comes on top. */
const serverPatienceMs = 30_000;

/** Tests wait for other processes as often as they work, so one more than there are processors. */
const lanes = Number(process.env['REACTOR_TEST_LANES'] ?? availableParallelism() + 1);

async function leftServers(name: string, room: TestRoom): Promise<Outcome> {
  const started = performance.now();
  const left = await settled(() => room.processes().filter(isAgentServer), serverPatienceMs);
  const error = left.map(({ pid, commandLine }) => `${pid} ${commandLine}`).join('\n');
  await endAll(() => room.processes().filter(isAgentServer));
  return {
    name: `no server left: ${name}`,
    passed: left.length === 0 ? 1 : 0,
    skipped: 0,
    failures: left.length === 0 ? [] : [{ title: `agent servers left after the ${name} suite`, error }],
    durationMs: performance.now() - started,
  };
}

async function inOrder(works: readonly (() => Promise<Outcome>)[], show: (outcome: Outcome) => void): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const work of works) {
    const outcome = await work();
    show(outcome);
    outcomes.push(outcome);
  }
  return outcomes;
}

const show = (outcome: Outcome): void => {
  process.stdout.write(`${outcomeLine(outcome)}\n`);
};

/**
 * The parts of the suites, in their order, so many at once, and beside them, one after another, those that mostly wait: they would hold a place
 * that they don't use. A suite is shown when its last part has ended.
 */
async function runSideBySide(room: TestRoom, own: readonly Suite[]): Promise<Outcome[]> {
  const started = performance.now();
  const parts = own.flatMap((suite) => partsOf(root, suite));
  const waiting = parts.filter(({ waits }) => waits);
  const working = parts.filter(({ waits }) => !waits);
  const open = new Map(own.map((suite) => [suite, parts.filter((part) => part.suite === suite).length]));
  const ended = new Map<Suite, Outcome[]>(own.map((suite) => [suite, []]));
  const outcomes: Outcome[] = [];
  const lane = async (queue: SuitePart[]): Promise<void> => {
    for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
      const { suite } = part;
      const outcome = await runPart(root, part, room.environment(suite.name));
      // Which files take the time: seconds from the stage's start to the part's end, and the part's own.
      const seconds = [performance.now() - started, outcome.durationMs].map((ms) => (ms / 1000).toFixed(1));
      appendFileSync(join(root, 'out', 'logs', 'times.tsv'), `${[...seconds, part.name].join('\t')}\n`);
      ended.get(suite)?.push(outcome);
      open.set(suite, (open.get(suite) ?? 0) - 1);
      if (open.get(suite) !== 0) continue;
      const whole = together(suite.name, ended.get(suite) ?? [], performance.now() - started);
      show(whole);
      outcomes.push(whole);
    }
  };
  await Promise.all([lane(waiting), ...Array.from({ length: lanes }, () => lane(working))]);
  return outcomes;
}

async function runStages(room: TestRoom, wanted: readonly Suite[]): Promise<Outcome[]> {
  const check = (which: Check) => () => runCheck(root, which, room.environment('checks'));
  const outcomes = await inOrder([check(bundles)], show);
  // Fetched while the first stages run.
  const prepared = wanted.some(({ needsEditor }) => needsEditor) ? runCheck(root, editor, process.env) : null;
  for (const stage of [...new Set(wanted.map((suite) => suite.stage))].sort((a, b) => a - b)) {
    const own = wanted.filter((suite) => suite.stage === stage);
    if (prepared !== null && own.some(({ needsEditor }) => needsEditor) && !outcomes.some(({ name }) => name === editor.name)) {
      outcomes.push(...(await inOrder([() => prepared], show)));
    }
    const others = stage === 1 ? inOrder(checks.map(check), show) : [];
    outcomes.push(...(await runSideBySide(room, own)), ...(await others));
    const starting = own.filter((suite) => suite.startsServers).map((suite) => suite.name);
    if (starting.length > 0) outcomes.push(...(await inOrder([() => leftServers(starting.join(', '), room)], show)));
    await endAll(() => room.processes());
  }
  return outcomes;
}

/** npm that is killed tells nobody: then this run has another parent. */
function endWithNpm(interrupt: (signal: NodeJS.Signals) => void): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    interrupt('SIGTERM');
  }, 1000);
  watch.unref();
}

/** Runs `work` in a private room that is emptied afterwards, also when the run is interrupted. */
async function inRoom<T>(work: (room: TestRoom) => Promise<T>): Promise<T> {
  const room = openTestRoom();
  const interrupt = (signal: NodeJS.Signals) => {
    void endAll(() => room.processes()).then(() => {
      room.remove();
      process.exit(signal === 'SIGINT' ? 130 : 143);
    });
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  endWithNpm(interrupt);
  try {
    return await work(room);
  } finally {
    await endAll(() => room.processes());
    room.remove();
  }
}

async function runAll(work: (room: TestRoom) => Promise<Outcome[]>): Promise<number> {
  rmSync(join(root, 'out', 'logs'), { recursive: true, force: true });
  mkdirSync(join(root, 'out', 'logs'), { recursive: true });
  const outcomes = await inRoom(work);
  for (const { title, error } of outcomes.flatMap((outcome) => outcome.failures)) process.stdout.write(`\nFAILED ${title}\n${error}\n`);
  process.stdout.write(`\n${counts(outcomes)}\n`);
  return outcomes.some((outcome) => outcome.failures.length > 0) ? 1 : 0;
}

const runOne = (suite: Suite, extra: readonly string[]): Promise<number> =>
  inRoom(async (room) => {
    if (suite.needsBuild) {
      const built = await runCheck(root, bundles, room.environment('checks'));
      if (built.passed === 0) throw new Error(`the build failed\n${built.failures[0]?.error ?? ''}`);
    }
    if (suite.needsEditor) {
      const prepared = await runCheck(root, editor, process.env);
      if (prepared.passed === 0) throw new Error(prepared.failures[0]?.error ?? 'there is no editor');
    }
    const args = mochaArguments(root, suite, extra);
    const child = spawn(process.execPath, args, { cwd: root, env: room.environment(suite.name), stdio: 'inherit' });
    const [code]: unknown[] = await once(child, 'exit');
    return typeof code === 'number' ? code : 1;
  });

const [what, ...extra] = process.argv.slice(2);
process.env['REACTOR_SANDBOX'] ??= 'off';
if (what === undefined || what === 'all') {
  const wanted = suites.filter(({ onRequest }) => what === 'all' || onRequest !== true);
  process.exitCode = await runAll((room) => runStages(room, wanted));
} else if (what === 'check') {
  process.exitCode = await runAll((room) =>
    inOrder(
      [...checks, houseRules].map((which) => () => runCheck(root, which, room.environment('checks'))),
      show,
    ),
  );
} else {
  const suite = suites.find((candidate) => candidate.name === what);
  if (suite === undefined) throw new Error(`unknown suite ${what}; there are: all, check, ${suites.map(({ name }) => name).join(', ')}`);
  process.exitCode = await runOne(suite, extra);
}
