import type * as vscodeTypes from 'vscode';
import { DisposableStore } from '../../base/lifecycle.ts';
import { localDay } from '../../base/localDay.ts';
import { type AllowedHost, allowedBy, allowedHosts, networkNote } from '../../core/projections/allowedHosts.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { plainLine, withoutIcons } from '../text/plainText.ts';
import { joined } from '../text/runWords.ts';
import { openSettingsFile } from './settingsFile.ts';

interface HostRow extends vscodeTypes.QuickPickItem {
  readonly host: AllowedHost;
}

interface Chosen {
  readonly host: AllowedHost;
  /** By its button, which says what it does. */
  readonly isButton: boolean;
}

/** Show Allowed Hosts: what commands of all runs may reach, each with where that comes from and the way to take it back. */
export async function showAllowedHosts(context: HostContext, model: RepositoryModel): Promise<void> {
  const { vscode, host } = context;
  const { folder, name } = model.place;
  const grants = await host.hostGrants(folder);
  for (;;) {
    const { config } = await host.config(folder);
    const hosts = allowedHosts(config, await grants.list());
    const note = networkNote(config);
    if (hosts.length === 0) {
      await vscode.window.showInformationMessage(`No host is always allowed in ${name}.${note === '' ? '' : ` ${note}`}`);
      return;
    }
    const chosen = await choose(context, `Allowed Hosts in ${name}`, note, hosts);
    if (chosen === null) return;
    if (chosen.host.grant === null) return openSettingsFile(context, model);
    if (chosen.isButton || (await isAgreed(context, chosen.host))) await grants.remove(chosen.host.place);
  }
}

async function isAgreed({ vscode }: HostContext, { place }: AllowedHost): Promise<boolean> {
  const detail = 'From now on somebody is asked before a command reaches it.';
  const pressed = await vscode.window.showWarningMessage(`Take back ${plainLine(place)}?`, { modal: true, detail }, 'Take Back');
  return pressed === 'Take Back';
}

function choose({ vscode }: HostContext, title: string, note: string, hosts: readonly AllowedHost[]): Promise<Chosen | null> {
  const takeBack = { iconPath: new vscode.ThemeIcon('trash'), tooltip: 'Take back: ask again from now on' };
  const open = { iconPath: new vscode.ThemeIcon('go-to-file'), tooltip: 'Open reactor.yaml' };
  const store = new DisposableStore();
  const list = store.add(vscode.window.createQuickPick<HostRow>());
  list.title = title;
  list.placeholder = note === '' ? 'Enter takes one back, or opens reactor.yaml where it stands there' : note;
  list.matchOnDescription = true;
  list.items = hosts.map((host) => ({
    label: `$(globe) ${withoutIcons(plainLine(host.place))}`,
    description: originText(host),
    buttons: [host.grant === null ? open : takeBack],
    host,
  }));
  return new Promise<Chosen | null>((resolve) => {
    const take = (row: HostRow | undefined, isButton: boolean): void => {
      if (row !== undefined) resolve({ host: row.host, isButton });
    };
    store.add(list.onDidTriggerItemButton(({ item }) => take(item, true)));
    store.add(list.onDidAccept(() => take(list.activeItems[0], false)));
    store.add(list.onDidHide(() => resolve(null)));
    list.show();
  }).finally(() => store.dispose());
}

/** 'allowed by ann on 2026-05-03 · TASK-001-r1', 'reactor.yaml'. */
function originText(host: AllowedHost): string {
  const { grant } = host;
  if (grant === null) return allowedBy(host);
  return joined(`allowed by ${plainLine(allowedBy(host))} on ${localDay(grant.at)}`, plainLine(grant.run));
}
