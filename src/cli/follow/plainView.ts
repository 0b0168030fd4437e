import { eventText } from '../render/eventText.ts';
import { safeLine } from '../render/safeText.ts';
import { renderLine, type Style } from '../render/style.ts';
import type { OutputStream, Terminal } from '../terminal.ts';
import type { RunView } from './runView.ts';

/** One line with its time for each thing that happens; for pipes, files and continuous integration. */
export function plainView(stream: OutputStream, style: Style, terminal: Pick<Terminal, 'clock' | 'timeOfDay'>): RunView {
  const tasks = new Map<string, string>();
  const held: string[] = [];
  let paused = 0;
  const print = (at: number, task: string, text: string) => {
    const line = renderLine([`${terminal.timeOfDay(at)} ${task === '' ? '' : `${task} `}${text}`], style);
    if (paused > 0) held.push(line);
    else stream.write(`${line}\n`);
  };
  return {
    entry(entry, state) {
      tasks.set(state.run, state.task);
      const text = eventText(entry);
      if (text !== null) print(entry.at, state.task, text);
    },
    live(message) {
      // That a call is repeated comes as an entry, too.
      if (message.kind === 'note') print(terminal.clock.now(), tasks.get(message.run) ?? '', safeLine(message.text));
    },
    note: (line) => print(terminal.clock.now(), '', safeLine(line)),
    pause() {
      paused += 1;
    },
    resume() {
      paused -= 1;
      if (paused === 0) for (const line of held.splice(0)) stream.write(`${line}\n`);
    },
    end() {},
  };
}
