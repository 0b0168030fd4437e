import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import type { Entry } from '../../core/journal/entry.ts';
import { exitCodes } from '../../core/model/exitCodes.ts';
import { evolveRun } from '../../core/run/evolve.ts';
import type { RunState } from '../../core/run/state.ts';
import type { EngineClient } from '../../protocol/engineClient.ts';
import { type CommandContext, type CommonOptions, folderOf, printJson } from '../commandContext.ts';
import { connectAlways } from '../follow/followRuns.ts';
import { plainView } from '../follow/plainView.ts';
import { LiveBlock } from '../render/liveBlock.ts';
import { runTable } from '../render/statusLines.ts';
import { canUpdateInPlace, renderLine, styleOf, tone } from '../render/style.ts';
import type { Terminal } from '../terminal.ts';

const frameMs = 100;
const tickMs = 1000;
const endedShown = 10;

/** `reactor watch`: every run of the repository, live, until q or Ctrl-C; plain lines without a terminal. */
export async function watchCommand({ terminal, host }: CommandContext, options: CommonOptions): Promise<number> {
  const loaded = await host();
  const folder = folderOf(terminal, options);
  const live = !options.json && canUpdateInPlace(terminal.stdout, terminal.environment);
  const { promise: ended, resolve: end } = Promise.withResolvers<'quit' | 'interrupted' | 'lost'>();
  const store = new DisposableStore();
  try {
    store.add(terminal.onInterrupt(() => end('interrupted')));
    if (live && terminal.stdinIsTTY) store.add(terminal.onKey((key) => (key.toLowerCase() === 'q' ? end('quit') : undefined)));
    terminal.stdout.readerGone.addEventListener('abort', () => end('quit'), { once: true });
    const shown = live ? tableView(terminal) : lineView(terminal, options.json ?? false);
    store.add(shown);
    const watched: Watched = { states: new Map(), seen: null };
    for (;;) {
      const client = store.add(await connectAlways(loaded, folder, false));
      let how = await watchOnce(client, watched, shown, ended);
      if (how === 'lost') {
        shown.note('The engine has gone; starting another one.');
        how = await Promise.race([ended, terminal.clock.sleep(tickMs).then(() => 'lost' as const)]);
        if (how === 'lost') continue;
      }
      return how === 'interrupted' ? exitCodes.interrupted : exitCodes.done;
    }
  } finally {
    store.dispose();
  }
}

interface WatchView extends Disposable {
  show(states: ReadonlyMap<string, RunState>): void;
  entry(entry: Entry, state: RunState): void;
  note(text: string): void;
}

interface Watched {
  readonly states: Map<string, RunState>;
  /** The last entry that is known; null before the first look. */
  seen: number | null;
}

/** Watches by one engine. What happened since an engine before it is told, too. */
async function watchOnce(
  client: EngineClient,
  watched: Watched,
  view: WatchView,
  ended: Promise<'quit' | 'interrupted' | 'lost'>,
): Promise<'quit' | 'interrupted' | 'lost'> {
  const store = new DisposableStore();
  try {
    const lost = new Promise<'lost'>((resolve) => store.add(client.onClosed(() => resolve('lost'))));
    const { states } = watched;
    if (watched.seen === null) {
      const status = await client.request('status', {});
      for (const state of status.runs) states.set(state.run, state);
      watched.seen = status.head;
    }
    view.show(states);
    store.add(
      client.onEntry((entry) => {
        watched.seen = entry.seq;
        if (entry.run === null) return;
        const before = states.get(entry.run) ?? null;
        const state = before !== null && entry.seq <= before.seq ? before : evolveRun(before, entry);
        if (state === null || state === before) return;
        states.set(entry.run, state);
        view.entry(entry, state);
        view.show(states);
      }),
    );
    const after = watched.seen;
    const { head } = await client.request('subscribe', { after, runs: null, live: false });
    if (head < after) {
      // The journal was removed or replaced: what there is now is looked at from its beginning.
      states.clear();
      watched.seen = null;
      return 'lost';
    }
    return await Promise.race([ended, lost]);
  } catch (error) {
    // It ended before it answered.
    if (error instanceof UserFacingError && error.code === 'engineUnavailable') return 'lost';
    throw error;
  } finally {
    store.dispose();
    client.dispose();
  }
}

function lineView(terminal: Terminal, json: boolean): WatchView {
  const plain = plainView(json ? terminal.stderr : terminal.stdout, styleOf(terminal.stdout, terminal.environment), terminal);
  return {
    show() {},
    entry(entry, state) {
      if (json) printJson(terminal, entry);
      else plain.entry(entry, state);
    },
    note: (text) => plain.note(text),
    dispose() {},
  };
}

function tableView(terminal: Terminal): WatchView {
  const { clock, stdout, environment } = terminal;
  const block = new LiveBlock(stdout);
  let latest: ReadonlyMap<string, RunState> = new Map();
  let note = '';
  let next: { readonly at: number; readonly timer: Disposable } | null = null;
  const draw = () => {
    next = null;
    const style = styleOf(stdout, environment);
    const all = [...latest.values()];
    const open = all.filter((state) => state.phase !== 'ended');
    const recent = all.filter((state) => state.phase === 'ended').sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0));
    const runs = [...open, ...recent.slice(0, endedShown)];
    const title = renderLine(
      [tone('strong', 'reactor watch'), `  ${open.length} open`, note === '' ? '' : `  ${note}`, tone('dim', '  q quits')],
      style,
    );
    block.draw([
      title,
      ...(runs.length === 0 ? ['  Nothing runs. Start with: reactor run --prompt "…"'] : runTable(runs, style, clock.now())),
    ]);
    if (open.some((state) => state.parked === null)) drawIn(tickMs);
  };
  const drawIn = (ms: number) => {
    const at = clock.monotonic() + ms;
    if (next !== null && next.at <= at) return;
    next?.timer.dispose();
    next = { at, timer: clock.schedule(ms, draw) };
  };
  return {
    show(states) {
      latest = states;
      drawIn(frameMs);
    },
    entry() {
      note = '';
    },
    note(text) {
      note = text;
      drawIn(frameMs);
    },
    dispose() {
      next?.timer.dispose();
      // What was last shown stays on the screen, as the last word.
      draw();
      next?.timer.dispose();
    },
  };
}
