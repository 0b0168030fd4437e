import type { Entry } from '../../core/journal/entry.ts';
import { exitCodes } from '../../core/model/exitCodes.ts';
import type { CliHost } from '../cliHost.ts';
import { type CommandContext, type CommonOptions, folderOf, printJson, printLines } from '../commandContext.ts';
import { connectAlways } from '../follow/followRuns.ts';
import { isSettled } from '../follow/isSettled.ts';
import { RunFollower } from '../follow/runFollower.ts';
import { logLines } from '../render/logLines.ts';
import { styleOf } from '../render/style.ts';
import { entriesOf, requireRun, withSource } from '../source.ts';

export interface LogsOptions extends CommonOptions {
  readonly follow?: boolean;
}

/** `reactor logs RUN`: the agent's messages, tool calls and test output in order; `-f` goes on until the run rests. */
export async function logsCommand({ terminal, host }: CommandContext, name: string, options: LogsOptions): Promise<number> {
  const loaded = await host();
  const folder = folderOf(terminal, options);
  const style = styleOf(terminal.stdout, terminal.environment);
  const print = (entry: Entry) => {
    if (options.json) printJson(terminal, entry);
    else printLines(terminal, logLines(entry, style, terminal.timeOfDay));
  };
  const shown = await withSource(loaded, folder, async (source) => {
    const state = await requireRun(source, name);
    let last = 0;
    for await (const entry of entriesOf(source, state.run)) {
      if (terminal.stdout.readerGone.aborted) return null;
      print(entry);
      last = entry.seq;
      await terminal.stdout.flush();
    }
    return isSettled(state, true) ? null : { run: state.run, last };
  });
  if (shown === null || !options.follow) return exitCodes.done;
  return await followLog(loaded, shown.run, shown.last);

  async function followLog(cliHost: CliHost, run: string, last: number): Promise<number> {
    const client = await connectAlways(cliHost, folder, false);
    const follower = new RunFollower(
      {
        connect: (attends) => connectAlways(cliHost, folder, attends),
        clock: terminal.clock,
        onEntry: (entry) => {
          if (entry.seq > last) print(entry);
        },
        onLive: () => {},
        onNote: (text) => terminal.stderr.write(`${text}\n`),
      },
      client,
      false,
      [{ run, state: null, seq: 1 }],
    );
    let interrupted = false;
    const interrupts = terminal.onInterrupt(() => {
      interrupted = true;
      follower.leave();
    });
    const leave = () => follower.leave();
    terminal.stdout.readerGone.addEventListener('abort', leave, { once: true });
    try {
      await follower.follow();
    } finally {
      interrupts.dispose();
      terminal.stdout.readerGone.removeEventListener('abort', leave);
    }
    return interrupted ? exitCodes.interrupted : exitCodes.done;
  }
}
