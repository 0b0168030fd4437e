import { UserFacingError } from '../../base/userFacingError.ts';
import { exitCodes } from '../../core/model/exitCodes.ts';
import { type CommandContext, type CommonOptions, folderOf, printJson, printLines } from '../commandContext.ts';
import { safeLine } from '../render/safeText.ts';
import { styleOf } from '../render/style.ts';
import { tableLines } from '../render/table.ts';

interface HostsOptions extends CommonOptions {
  readonly remove?: readonly string[];
}

/** `reactor hosts`: what commands of all runs may reach by a person's word, who gave it, when and for which run; `--remove` takes it back. */
export async function hostsCommand({ terminal, host }: CommandContext, options: HostsOptions): Promise<number> {
  const grants = await (await host()).hostGrants(folderOf(terminal, options));
  const removed = options.remove ?? [];
  for (const place of removed) {
    if (await grants.remove(place)) continue;
    throw new UserFacingError('notPossibleNow', `${safeLine(place)} is not among the hosts that are always allowed.`, {
      actions: ['reactor hosts', 'take it out of `hosts` in reactor.yaml, if it stands there'],
    });
  }
  const left = await grants.list();
  if (options.json) {
    printJson(terminal, { hosts: left, removed });
    return exitCodes.done;
  }
  const columns = [
    { title: 'HOST', piece: ({ place }: (typeof left)[number]) => safeLine(place) },
    { title: 'ALLOWED BY', piece: ({ by }: (typeof left)[number]) => safeLine(by.replace(/^person:/, '')) },
    { title: 'ON', piece: ({ at }: (typeof left)[number]) => terminal.dayOf(at) },
    { title: 'FOR', piece: ({ run }: (typeof left)[number]) => safeLine(run) },
  ];
  printLines(terminal, [
    ...removed.map((place) => `${safeLine(place)} is asked for again from now on.`),
    ...(left.length === 0
      ? ['No host is always allowed but for `hosts` in reactor.yaml.']
      : tableLines(left, columns, styleOf(terminal.stdout, terminal.environment))),
  ]);
  return exitCodes.done;
}
