import { exitCodes } from '../../core/model/exitCodes.ts';
import { type CommandContext, type CommonOptions, folderOf } from '../commandContext.ts';

export interface EngineOptions extends CommonOptions {
  readonly stop?: boolean;
  readonly now?: boolean;
}

/** `reactor engine`: the engine in this process; with `--stop` the one that runs is told to end. */
export async function engineCommand({ terminal, host }: CommandContext, options: EngineOptions): Promise<number> {
  const loaded = await host();
  const folder = folderOf(terminal, options);
  if (!options.stop) return await loaded.runEngine(folder);
  const client = await loaded.connect(folder, { start: 'never', attends: false });
  if (client === null) {
    terminal.stdout.write('No engine runs for this repository.\n');
    return exitCodes.done;
  }
  const gone = new Promise<void>((resolve) => client.onClosed(() => resolve()));
  const now = options.now ?? false;
  await client.request('shutdown', { drain: !now });
  terminal.stdout.write(
    now ? 'The engine ends; open runs go on with the next one.\n' : 'The engine ends when its present runs have ended or are parked.\n',
  );
  if (now) await gone;
  client.dispose();
  return exitCodes.done;
}
