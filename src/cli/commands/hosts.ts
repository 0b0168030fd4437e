import { UserFacingError } from '../../base/userFacingError.ts';
import { exitCodes } from '../../core/model/exitCodes.ts';
import { type AllowedHost, allowedBy, allowedHosts, networkNote } from '../../core/projections/allowedHosts.ts';
import { type CommandContext, type CommonOptions, folderOf, printJson, printLines } from '../commandContext.ts';
import { safeLine } from '../render/safeText.ts';
import { styleOf } from '../render/style.ts';
import { tableLines } from '../render/table.ts';
import { wrapText } from '../render/textWidth.ts';

interface HostsOptions extends CommonOptions {
  readonly remove?: readonly string[];
}

/** `reactor hosts`: what commands of all runs may reach, by whose word, since when and for which run; `--remove` takes a person's word back. */
export async function hostsCommand({ terminal, host }: CommandContext, options: HostsOptions): Promise<number> {
  const machine = await host();
  const folder = folderOf(terminal, options);
  const grants = await machine.hostGrants(folder);
  const removed = options.remove ?? [];
  for (const place of removed) {
    if (await grants.remove(place)) continue;
    throw new UserFacingError('notPossibleNow', `${safeLine(place)} is not among the hosts that are always allowed.`, {
      actions: ['reactor hosts', 'take it out of `hosts` in reactor.yaml, if it stands there'],
    });
  }
  const { config } = await machine.config(folder);
  const left = await grants.list();
  if (options.json) {
    printJson(terminal, { hosts: left, settings: config.hosts, network: config.network, removed });
    return exitCodes.done;
  }
  const rows = allowedHosts(config, left);
  const columns = [
    { title: 'HOST', piece: ({ place }: AllowedHost) => safeLine(place) },
    { title: 'ALLOWED BY', piece: (row: AllowedHost) => safeLine(allowedBy(row)) },
    { title: 'ON', piece: ({ grant }: AllowedHost) => (grant === null ? '' : terminal.dayOf(grant.at)) },
    { title: 'FOR', piece: ({ grant }: AllowedHost) => (grant === null ? '' : safeLine(grant.run)) },
  ];
  const style = styleOf(terminal.stdout, terminal.environment);
  const note = networkNote(config);
  printLines(terminal, [
    ...removed.map((place) => `${safeLine(place)} is asked for again from now on.`),
    ...(rows.length === 0 ? ['No host is always allowed.'] : tableLines(rows, columns, style)),
    ...(note === '' ? [] : wrapText(note, style.columns)),
  ]);
  return exitCodes.done;
}
