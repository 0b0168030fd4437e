import { nearest } from '../base/nearest.ts';
import { UserFacingError } from '../base/userFacingError.ts';
import type { Entry } from '../core/journal/entry.ts';
import type { RunState } from '../core/run/state.ts';
import { findRun, statusOf } from '../engine/queries.ts';
import type { Status } from '../protocol/messages.ts';
import type { CliHost } from './cliHost.ts';

/** What commands read: through the engine when one is alive or has work to recover, else straight from the journal. */
export interface Source {
  /** @param today YYYY-MM-DD, to tell which budgets are new since; null not to */
  status(today: string | null): Promise<Status>;
  /** By run id, or the last run of a task. */
  run(name: string): Promise<RunState | null>;
  /** Newest first. */
  runs(limit: number): Promise<readonly RunState[]>;
  entries(query: { readonly from: number; readonly run: string | null; readonly limit: number }): Promise<readonly Entry[]>;
  close(): void;
}

export async function openSource(host: CliHost, folder: string): Promise<Source> {
  const client = await host.connect(folder, { start: 'ifRunsOpen', attends: false });
  if (client !== null) {
    return {
      status: () => client.request('status', {}),
      run: async (name) => (await client.request('run', { run: name })).state,
      runs: async (limit) => (await client.request('runs', { limit })).runs,
      entries: async (query) => (await client.request('entries', query)).entries,
      close: () => client.dispose(),
    };
  }
  const reader = await host.reader(folder);
  return {
    status: async (today) => statusOf(reader, null, today),
    run: async (name) => findRun(reader, name),
    runs: async (limit) => reader.recentRuns(limit),
    entries: async ({ from, run, limit }) => reader.read({ from, limit, ...(run === null ? {} : { run }) }),
    close: () => reader.close(),
  };
}

/** Runs `use` with a source and closes it after. */
export async function withSource<T>(host: CliHost, folder: string, use: (source: Source) => Promise<T>): Promise<T> {
  const source = await openSource(host, folder);
  try {
    return await use(source);
  } finally {
    source.close();
  }
}

const namesToSuggest = 500;

/** @throws UserFacingError `unknownRun` that names the nearest run or task there is. */
export async function requireRun(source: Pick<Source, 'run' | 'runs'>, name: string): Promise<RunState> {
  const state = await source.run(name);
  if (state !== null) return state;
  const known = await source.runs(namesToSuggest);
  const near = nearest(name, new Set(known.flatMap(({ task, run }) => [task, run])));
  const what = near === null ? (known.length === 0 ? ' Nothing has been run in this repository yet.' : '') : ` Did you mean ${near}?`;
  throw new UserFacingError('unknownRun', `There is no run or task ${name} in this repository.${what}`, {
    actions: known.length === 0 ? ['reactor run --prompt "…"'] : ['reactor tasks'],
  });
}

const page = 500;

/** All entries of a run, oldest first, a page at a time. */
export async function* entriesOf(source: Pick<Source, 'entries'>, run: string, from = 1): AsyncGenerator<Entry> {
  let next = from;
  for (;;) {
    const entries = await source.entries({ from: next, run, limit: page });
    yield* entries;
    const last = entries.at(-1);
    if (last === undefined || entries.length < page) return;
    next = last.seq + 1;
  }
}
