import type { Disposable } from '../../base/lifecycle.ts';
import type { RunState } from '../../core/run/state.ts';
import { eventText } from '../render/eventText.ts';
import { LiveBlock } from '../render/liveBlock.ts';
import { liveLines } from '../render/runLine.ts';
import { safeLine } from '../render/safeText.ts';
import { styleOf } from '../render/style.ts';
import type { OutputStream, Terminal } from '../terminal.ts';
import type { RunView } from './runView.ts';

const frameMs = 80;
const tickMs = 1000;
/** What the line of a run says already: its title, which attempt it is, and where it stands. */
const SAID = /^(attempt \d+|queued|parked|waits for you): /;

/** One line per run, updated in place: at once when something happens, and each second for the time that passes. */
export function liveView(stream: OutputStream, terminal: Pick<Terminal, 'clock' | 'environment'>): RunView {
  const { clock, environment } = terminal;
  const block = new LiveBlock(stream);
  const states = new Map<string, RunState>();
  const activities = new Map<string, string>();
  const notes: string[] = [];
  let paused = 0;
  let hasEnded = false;
  let next: { readonly at: number; readonly timer: Disposable } | null = null;

  const draw = () => {
    next = null;
    if (paused > 0 || hasEnded) return;
    const style = styleOf(stream, environment);
    const all = [...states.values()];
    block.draw(liveLines(all, style, clock.now(), activities), notes.splice(0));
    if (all.some((state) => state.phase !== 'ended')) drawIn(tickMs);
  };
  const drawIn = (ms: number) => {
    if (hasEnded) return;
    const at = clock.monotonic() + ms;
    if (next !== null && next.at <= at) return;
    next?.timer.dispose();
    next = { at, timer: clock.schedule(ms, draw) };
  };
  const stop = () => {
    next?.timer.dispose();
    next = null;
    block.clear();
  };
  return {
    entry(entry, state) {
      states.set(state.run, state);
      const text = entry.type === 'run/requested' ? null : eventText(entry);
      if (text !== null) activities.set(state.run, text.replace(SAID, ''));
      drawIn(frameMs);
    },
    live(message) {
      if (message.kind !== 'text') activities.set(message.run, safeLine(message.text));
      drawIn(frameMs);
    },
    note(line) {
      notes.push(safeLine(line));
      drawIn(frameMs);
    },
    pause() {
      paused += 1;
      stop();
    },
    resume() {
      paused -= 1;
      if (paused === 0) draw();
    },
    end() {
      hasEnded = true;
      stop();
      for (const line of notes.splice(0)) stream.write(`${line}\n`);
    },
  };
}
