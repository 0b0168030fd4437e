import { event } from '../core/journal/events.ts';
import type { RunState } from '../core/run/state.ts';
import { type CleanRequest, NOTHING_TO_KEEP, type Orphan } from '../protocol/messages.ts';
import type { EngineDeps } from './deps.ts';
import type { FoundOrphan } from './foundOrphan.ts';
import { keptRefPrefix } from './keep.ts';
import { orphanBranches } from './orphanBranches.ts';
import { findPastLimits } from './retention.ts';
import type { EngineContext } from './runContext.ts';
import { settingsPlace } from './settingsPlace.ts';

/**
 * Finds what no open run owns: processes, worktrees, folders, branches and port leases of cells that are gone, templates of other versions,
 * and, when asked for, what is past its limit. Removes what is kept elsewhere (after keeping it where that is possible), what a limit of
 * reactor.yaml gives up, and what a person asks for by its name; everything else is named and left.
 */
export async function cleanOrphans(engine: EngineContext, request: CleanRequest): Promise<Orphan[]> {
  const { ledger } = engine;
  const open = ledger.openRuns();
  const found = (await findAll(engine, open, request.pastLimits === true)).filter(
    ({ kind, name }) =>
      (request.names?.includes(name) ?? true) &&
      (request.kinds?.includes(kind) ?? true) &&
      (request.shown?.some((one) => one.kind === kind && one.name === name) ?? true),
  );
  const out: Orphan[] = [];
  for (const { remove, oid, ...orphan } of found) {
    const because = orphan.limit ?? (request.names?.includes(orphan.name) ? 'asked for by name' : undefined);
    const removed = !request.dryRun && (orphan.keptIn !== null || because !== undefined) && (await remove());
    if (removed) {
      const { kind, name, keptIn } = orphan;
      const why = keptIn === null && because !== undefined ? { because } : {};
      const data = { kind, name, keptIn: keptIn ?? '', ...why, ...(oid === undefined ? {} : { oid }) };
      await ledger.append(null, 'engine', event('clean/removed', data));
    }
    out.push({ ...orphan, removed });
  }
  return out;
}

async function findAll(engine: EngineContext, open: readonly RunState[], pastLimits: boolean): Promise<FoundOrphan[]> {
  const { deps } = engine;
  const found = [...(await orphanCells(engine)), ...(await orphanBranches(engine)), ...abandonedPorts(deps), ...(await oldTemplates(deps))];
  if (!pastLimits) return found;
  const { folder, top } = settingsPlace(deps.journal, deps.repository.facts);
  const { config } = await deps.project.config(folder, top);
  return [...found, ...(await findPastLimits(deps, open, config.retention))];
}

const abandonedPorts = ({ ports }: EngineDeps): FoundOrphan[] =>
  ports.abandoned().map((port) => ({
    kind: 'port',
    name: String(port),
    why: 'leased by a process that has died',
    keptIn: NOTHING_TO_KEEP,
    remove: async () => ports.forget(port),
  }));

/** Made once for each version of the agent server, and made again when needed. */
async function oldTemplates({ agents, files }: EngineDeps): Promise<FoundOrphan[]> {
  // One that does not answer now is asked at the next clean-up.
  const version = (await agents.locate().catch(() => null))?.version;
  if (version === undefined) return [];
  const old = (await files.listTemplates()).filter((name) => !name.startsWith(`opencode-${version}.db`));
  return old.map((name) => ({
    kind: 'cache',
    name,
    why: `prepared for another version than OpenCode ${version}`,
    keptIn: NOTHING_TO_KEEP,
    remove: async () => {
      await files.removeTemplate(name);
      return true;
    },
  }));
}

/** A cell of a run that goes on, or one made ahead. Looked at anew each time: runs start meanwhile. */
const isOwned = ({ ledger, warm }: EngineContext, cell: string): boolean =>
  warm.ids.has(cell) || ledger.openRuns().some((state) => state.cell?.id === cell);

async function orphanCells(engine: EngineContext): Promise<FoundOrphan[]> {
  const { deps } = engine;
  const found: FoundOrphan[] = [];
  found.push(...(await orphanEntries(engine)));
  for (const cell of await deps.files.listCells()) {
    if (isOwned(engine, cell)) continue;
    const unlessOwned = (remove: () => Promise<boolean>) => async () => !isOwned(engine, cell) && (await remove());
    const folders = await deps.files.cellFolders(cell);
    for (const process of deps.processes.markedWith(cell)) {
      found.push({
        kind: 'process',
        name: String(process.pid),
        why: `belongs to ${cell}, which has ended`,
        keptIn: NOTHING_TO_KEEP,
        remove: unlessOwned(async () => (await deps.processes.endCell(cell, process, deps.options.killGraceMs)).left.length === 0),
      });
    }
    if (await deps.files.exists(folders.worktree)) {
      const orphan = await orphanWorktree(engine, cell, folders.worktree);
      found.push({ ...orphan, remove: unlessOwned(orphan.remove) });
    } else {
      found.push({
        kind: 'folder',
        name: cell,
        why: 'server data of a cell that has ended',
        keptIn: NOTHING_TO_KEEP,
        remove: unlessOwned(async () => {
          await deps.files.removeCell(cell);
          return true;
        }),
      });
    }
  }
  return found;
}

/** What git still has of worktrees of cells that somebody removed. Such an entry holds the cell's branch checked out. */
async function orphanEntries(engine: EngineContext): Promise<FoundOrphan[]> {
  const { repository, files } = engine.deps;
  const found: FoundOrphan[] = [];
  for (const { path } of await repository.listWorktrees()) {
    const cell = /^cells\/([^/]+)\/worktree$/.exec(files.relative(path))?.[1];
    if (cell === undefined || isOwned(engine, cell) || (await files.exists(path))) continue;
    found.push({
      kind: 'worktree',
      name: path,
      why: `git's entry of cell ${cell}, whose worktree is gone`,
      keptIn: NOTHING_TO_KEEP,
      remove: async () => !isOwned(engine, cell) && (await repository.removeWorktree(path)).ok,
    });
  }
  return found;
}

async function orphanWorktree(engine: EngineContext, cell: string, path: string): Promise<FoundOrphan> {
  const { deps } = engine;
  const base = { kind: 'worktree' as const, name: path, why: `the run of cell ${cell} has ended` };
  const remove = async (): Promise<boolean> => {
    const removed = await deps.repository.removeWorktree(path);
    if (removed.ok) await deps.files.removeCell(cell);
    return removed.ok;
  };
  const ref = `${keptRefPrefix}orphan/${cell}`;
  const readable = await deps.repository.snapshot(path);
  if (!readable.ok) return { ...base, keptIn: null, why: `${base.why}, and its content can't be read: ${readable.error.message}`, remove };
  /** What is there by then: somebody may have worked in it since it was found. */
  const keep = async (): Promise<boolean> => {
    const snapshot = await deps.repository.snapshot(path);
    if (!snapshot.ok) return false;
    const whole = snapshot.value.keep ?? snapshot.value.tree;
    const written = await deps.repository.writeCommit({
      tree: whole,
      parents: [],
      message: `Kept ${cell}\n\nReactor-Kept: orphan\n`,
      sign: false,
    });
    if (!written.ok) return false;
    const there = await deps.repository.readRef(ref);
    if (there !== null && (await deps.repository.treeOf(there)) === whole) return true;
    const name = there === null ? ref : `${ref}-${deps.ids.short()}`;
    return (await deps.repository.moveRef({ ref: name, to: written.value, expected: null, reason: 'reactor: kept' })).ok;
  };
  return { ...base, keptIn: ref, remove: async () => (await keep()) && (await remove()) };
}
