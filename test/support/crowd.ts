import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { openJournalReader } from '../../src/adapters/journal/openJournalReader.ts';
import type { Entry } from '../../src/core/journal/entry.ts';
import { evolveRun } from '../../src/core/run/evolve.ts';
import type { RunState } from '../../src/core/run/state.ts';
import { type Reactor, until } from './reactor.ts';
import { git } from './sampleRepository.ts';
import type { ModelScript } from './scriptedModel.ts';

/** Writes the file that the prompt names, with its own name in it. */
export const crowdScript: ModelScript = ({ prompts, turn }) => {
  const name = /crowd file (\w+)/.exec(prompts.join('\n'))?.[1] ?? 'unknown';
  return turn === 0 ? { tools: [{ name: 'write', args: { filePath: `${name}.txt`, content: `${name}\n` } }] } : { text: 'Done.' };
};

/** Asks for so many tasks in one command, waits until all have ended, and checks that all have landed and nothing is left. */
export async function landCrowd(reactor: Reactor, repository: string, count: number, limitMs: number): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => `member${index + 1}`);
  const pairs = names.flatMap((name) => ['--task', name, '--prompt', `Write crowd file ${name}`]);
  const asked = await reactor.call(repository, ['run', '--json', '--detach', ...pairs, '--approve', 'auto']);
  assert.equal(asked.exitCode, 0, asked.stderr);
  const reader = openJournalReader({ file: reactor.journal(repository), evolve: evolveRun });
  let runs: readonly RunState[] = [];
  let entries: readonly Entry[] = [];
  try {
    await until(
      `all ${count} have ended`,
      () => {
        runs = reader.recentRuns(count);
        return runs.length === count && runs.every(({ phase }) => phase === 'ended');
      },
      limitMs,
    );
    entries = reader.read({ from: 1, limit: 1_000_000 });
  } finally {
    reader.close();
  }
  assert.deepEqual(
    runs.filter(({ concluded }) => concluded?.status !== 'landed').map(({ task, concluded }) => `${task}: ${concluded?.reason}`),
    [],
  );
  const landed = (await git(repository, 'ls-tree', '--name-only', 'main')).split('\n').filter((path) => path.startsWith('member'));
  assert.deepEqual(landed.sort(), names.map((name) => `${name}.txt`).sort());
  assert.equal(await git(repository, 'status', '--porcelain'), '');
  assert.ok(mostStarting(entries) <= availableParallelism() + 1, `${mostStarting(entries)} cells were starting at once`);
  await until('no server and no worktree is left', async () => {
    const { length } = (await git(repository, 'worktree', 'list')).split('\n');
    return length === 1 && reactor.agentServers().length === 0;
  });
}

/** The most cells that were between their first entry and a ready server at the same time. */
function mostStarting(entries: readonly Entry[]): number {
  const starting = new Set<string | null>();
  let most = 0;
  for (const { type, run } of entries) {
    if (type === 'run/started') starting.add(run);
    if (type === 'cell/ready' || type === 'run/concluded') starting.delete(run);
    most = Math.max(most, starting.size);
  }
  return most;
}
