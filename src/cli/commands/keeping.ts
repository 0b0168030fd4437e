import { UserFacingError } from '../../base/userFacingError.ts';
import { exitCodes } from '../../core/model/exitCodes.ts';
import { plural, shortOid } from '../../core/projections/figures.ts';
import type { RunState } from '../../core/run/state.ts';
import { startsFromNothing } from '../../core/run/unborn.ts';
import { NOTHING_TO_KEEP, type Orphan, type OrphanKind } from '../../protocol/messages.ts';
import { type CommandContext, type CommonOptions, folderOf, printJson, printLines } from '../commandContext.ts';
import { connectAlways } from '../follow/followRuns.ts';
import { safeLine } from '../render/safeText.ts';
import { renderLine, type Style, styleOf, tone } from '../render/style.ts';
import { requireRun } from '../source.ts';

export interface RestoreOptions extends CommonOptions {
  readonly attempt?: string;
  readonly whole?: boolean;
}

/** `reactor restore RUN`: makes a branch of what an attempt had done. */
export async function restoreCommand({ terminal, host }: CommandContext, name: string, options: RestoreOptions): Promise<number> {
  const { attempt: named } = options;
  if (named !== undefined && !/^[1-9]\d{0,5}$/.test(named))
    throw new UserFacingError('configuration', `--attempt ${named} is not the number of an attempt.`, {
      actions: [`reactor show ${name}`],
    });
  const client = await connectAlways(await host(), folderOf(terminal, options), false);
  try {
    const state = await requireRun(
      {
        run: async (run) => (await client.request('run', { run })).state,
        runs: async (limit) => (await client.request('runs', { limit })).runs,
      },
      name,
    );
    const attempt = named === undefined ? null : Number(named);
    const restored = await client.request('restore', { run: state.run, attempt, tree: options.whole ? wholeTree(state, attempt) : null });
    if (options.json) printJson(terminal, { run: state.run, task: state.task, ...restored });
    else {
      const branch = safeLine(restored.branch);
      printLines(terminal, [
        `Attempt ${restored.attempt} of ${state.task} is now branch ${branch} (${shortOid(restored.commit)}); nothing else was touched.`,
        startsFromNothing(state.spec) ? `  → git show ${branch}` : `  → git diff ${shortOid(state.spec.base)} ${branch}`,
        `  → git switch ${branch}`,
      ]);
    }
    return exitCodes.done;
  } finally {
    client.dispose();
  }
}

/** What an attempt was as the agent left it. Null when no person has changed it since. */
function wholeTree({ attempts }: RunState, named: number | null): string | null {
  const attempt = named === null ? attempts.findLast(({ candidate }) => candidate !== null) : attempts.find((a) => a.attempt === named);
  return attempt?.former[0]?.tree ?? null;
}

export interface CleanOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly kind?: readonly string[];
}

/**
 * `reactor clean`: removes what belongs to no run, but only what is kept elsewhere, past its limit, or named. On a terminal it lists that first
 * and asks; where it can't ask, what is past its limit goes only with `--yes`. `--dry-run` only lists. What is removed is listed, too.
 */
export async function cleanCommand({ terminal, host }: CommandContext, names: readonly string[], options: CleanOptions): Promise<number> {
  const only = {
    ...(names.length === 0 ? {} : { names: [...names] }),
    ...(options.kind === undefined ? {} : { kinds: options.kind as OrphanKind[] }),
  };
  const style = styleOf(terminal.stdout, terminal.environment);
  const say = (orphans: readonly Orphan[], dryRun: boolean, staysPastLimit = false): void => {
    if (options.json) printJson(terminal, { dryRun, orphans });
    else printLines(terminal, cleanLines(orphans, dryRun, style, staysPastLimit));
  };
  const client = await connectAlways(await host(), folderOf(terminal, options), false);
  try {
    const { orphans: seen } = await client.request('clean', { dryRun: true, pastLimits: true, ...only });
    const unknown = names.filter((name) => !seen.some((orphan) => orphan.name === name));
    if (unknown.length > 0) {
      throw new UserFacingError('configuration', `Nothing to clean is named ${unknown.join(', ')}. Nothing was removed.`, {
        actions: ['reactor clean --dry-run'],
      });
    }
    const going = names.length > 0 ? seen : seen.filter(mayGo);
    if (options.dryRun || going.length === 0) {
      say(seen, options.dryRun ?? false);
      return exitCodes.done;
    }
    const isAgreed = names.length > 0 || options.yes === true;
    const asks = !isAgreed && terminal.stdinIsTTY && !options.json;
    if (!isAgreed && !asks) {
      // Nobody has seen the list: what goes is kept elsewhere.
      const { orphans } = await client.request('clean', { dryRun: false, ...only });
      const waiting = seen.filter(
        ({ limit, ...one }) => limit && !orphans.some(({ kind, name }) => kind === one.kind && name === one.name),
      );
      say([...orphans, ...waiting], false, true);
      return exitCodes.done;
    }
    if (asks) {
      say(seen, true);
      const typed = await terminal.ask(`Remove ${plural(going.length, 'orphan')}? [y/N] `);
      if (!/^y(es)?$/i.test(typed?.trim() ?? '')) {
        printLines(terminal, ['Nothing was removed.']);
        return exitCodes.done;
      }
    }
    // What has come since it was listed waits for the next time.
    const shown = going.map(({ kind, name }) => ({ kind, name }));
    const { orphans } = await client.request('clean', { dryRun: false, pastLimits: true, ...only, shown });
    const others = asks ? [] : seen.filter((orphan) => !going.includes(orphan));
    say([...orphans, ...others], false);
    return exitCodes.done;
  } finally {
    client.dispose();
  }
}

function keptText(keptIn: string | null): string {
  if (keptIn === null) return 'kept nowhere else';
  return keptIn === NOTHING_TO_KEEP ? keptIn : `kept in ${safeLine(keptIn)}`;
}

const mayGo = ({ keptIn, limit }: Orphan): boolean => keptIn !== null || (limit ?? null) !== null;

/**
 * One line per orphan with why it is one, where it is kept and what happened to it.
 * @param staysPastLimit what is past its limit was left, because nobody could be asked
 */
export function cleanLines(orphans: readonly Orphan[], dryRun: boolean, style: Style, staysPastLimit = false): string[] {
  if (orphans.length === 0) return ['Nothing to clean: everything belongs to a run.'];
  const goes = orphans.filter((orphan) => (dryRun ? mayGo(orphan) : orphan.removed)).length;
  const lines = orphans.map((orphan) => {
    const { kind, name, why, keptIn, limit, removed } = orphan;
    const [mark, word] = removed
      ? (['✓', 'removed'] as const)
      : !mayGo(orphan)
        ? (['!', 'stays'] as const)
        : (['·', dryRun ? 'would go' : 'stays'] as const);
    const kept = limit ? `past its limit: ${safeLine(limit)}` : keptText(keptIn);
    return renderLine(
      [
        tone(removed ? 'good' : mayGo(orphan) ? 'dim' : 'warn', `${mark} ${word.padEnd(8)}`),
        ` ${kind.padEnd(8)} `,
        safeLine(name),
        tone('dim', `  ${safeLine(why)}; ${kept}`),
      ],
      style,
    );
  });
  const count = (n: number) => plural(n, 'orphan');
  const last = dryRun ? `${count(goes)} would be removed: reactor clean` : `${count(goes)} removed`;
  const waiting = staysPastLimit ? orphans.filter(({ limit, removed }) => limit && !removed).length : 0;
  const left = orphans.length - goes - waiting;
  return [
    ...lines,
    [
      last,
      ...(waiting > 0 ? [`${waiting} past a limit: reactor clean --yes`] : []),
      ...(left > 0 ? [`${left} left, since removing would lose something or failed`] : []),
    ].join('; '),
  ];
}
