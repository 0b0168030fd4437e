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
  const now = options.now ?? false;
  const stopped = await loaded.stopEngine(folder, { drain: !now });
  const words = now
    ? 'The engine has ended; open runs go on with the next one.'
    : 'The engine ends when its present runs have ended or are parked.';
  terminal.stdout.write(`${stopped ? words : 'No engine runs for this repository.'}\n`);
  return exitCodes.done;
}
