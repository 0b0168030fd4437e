import { join } from 'node:path';
import type { CommandEvidence } from '../../core/journal/events.ts';
import { isInLine, placeOf, placeText } from '../../core/landing/line.ts';
import { exitCodes } from '../../core/model/exitCodes.ts';
import { usdToNumber } from '../../core/model/usd.ts';
import type { GitRepository } from '../../core/ports/git.ts';
import { type AttemptState, type RunState, startOf } from '../../core/run/state.ts';
import { type CommandContext, type CommonOptions, folderOf, printJson, printLines } from '../commandContext.ts';
import { patchLines } from '../render/diffStat.ts';
import { runDetails } from '../render/runDetails.ts';
import { statusRow } from '../render/statusLines.ts';
import { renderLine, styleOf, tone } from '../render/style.ts';
import { entriesOf, requireRun, withSource } from '../source.ts';

export interface ShowOptions extends CommonOptions {
  readonly diff?: boolean;
}

const maxPatchBytes = 2_000_000;

/** `reactor show RUN`: the whole run, for people or as one JSON object. */
export async function showCommand({ terminal, host }: CommandContext, name: string, options: ShowOptions): Promise<number> {
  const loaded = await host();
  const folder = folderOf(terminal, options);
  const dataFolder = await loaded.dataFolder(folder);
  return await withSource(loaded, folder, async (source) => {
    const state = await requireRun(source, name);
    const runs = isInLine(state) ? (await source.status(null)).runs : [];
    if (options.json) {
      const repository = await loaded.repository(folder);
      const timeline = [];
      for await (const { seq, at, actor, type, data } of entriesOf(source, state.run)) timeline.push({ seq, at, actor, type, data });
      const attempts = [];
      for (const attempt of state.attempts) attempts.push(await attemptObject(state, attempt, repository, dataFolder));
      const base = state.base === null ? null : { remembered: state.base.remembered, test: testObject(state.base.evidence, dataFolder) };
      const { cell, landing, predicted, pending, parked, concluded, warnings } = state;
      printJson(terminal, {
        ...statusRow(state, runs),
        spec: state.spec,
        baseTest: base,
        attemptList: attempts,
        cell,
        landing,
        predicted,
        pending,
        parked,
        concluded,
        warnings,
        timeline,
      });
      return exitCodes.done;
    }
    const style = styleOf(terminal.stdout, terminal.environment);
    printLines(terminal, runDetails(state, dataFolder, style, terminal.clock.now(), placeText(placeOf(state, runs))));
    if (options.diff) await printDiff(state, await loaded.repository(folder));
    return exitCodes.done;
  });

  async function printDiff(state: RunState, repository: GitRepository): Promise<void> {
    const style = styleOf(terminal.stdout, terminal.environment);
    const candidate = state.attempts.findLast((a) => a.candidate !== null)?.candidate ?? null;
    if (candidate === null) return printLines(terminal, ['', 'There is no change to show: no attempt has produced one yet.']);
    const { text, truncated } = await repository.patch({ from: startOf(state), to: candidate.keptCommit, maxBytes: maxPatchBytes });
    printLines(terminal, ['', ...patchLines(text, style, 100_000)]);
    if (truncated)
      printLines(terminal, [
        renderLine(
          [tone('warn', `… cut after ${maxPatchBytes} bytes; all of it: git diff ${startOf(state)} ${candidate.keptCommit}`)],
          style,
        ),
      ]);
  }
}

async function attemptObject(state: RunState, attempt: AttemptState, repository: GitRepository, dataFolder: string): Promise<unknown> {
  const { candidate, test, cost, ...rest } = attempt;
  const patch = candidate === null ? null : await patchOf(repository, startOf(state, attempt.attempt), candidate.keptCommit);
  return {
    ...rest,
    costUsd: cost.unpricedCalls > 0 ? null : usdToNumber(cost.usd),
    tree: candidate?.tree ?? null,
    kept: candidate?.keptRef ?? null,
    keptCommit: candidate?.keptCommit ?? null,
    diff:
      candidate === null
        ? null
        : {
            files: candidate.files,
            filesTotal: candidate.filesTotal,
            added: candidate.added,
            removed: candidate.removed,
            patch: patch?.text ?? null,
            truncated: patch?.truncated ?? false,
          },
    test: test === null ? null : { ...testObject(test.evidence, dataFolder), tree: test.tree, changedByTest: test.changedByTest },
  };
}

/** Null when the kept commit is no longer there: the rest of the run is shown all the same. */
async function patchOf(repository: GitRepository, from: string, to: string): Promise<{ text: string; truncated: boolean } | null> {
  const kept = await repository.resolveCommit(to);
  return kept.ok ? await repository.patch({ from, to, maxBytes: maxPatchBytes }) : null;
}

const testObject = ({ outputFile, tail, ...evidence }: CommandEvidence, dataFolder: string) => ({
  ...evidence,
  output: tail,
  outputFile: outputFile === '' ? null : join(dataFolder, outputFile),
});
