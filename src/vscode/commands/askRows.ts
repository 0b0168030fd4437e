import { shortOid } from '../../core/projections/figures.ts';
import { attemptText, runElapsedText } from '../../core/projections/runWords.ts';
import type { RunState } from '../../core/run/state.ts';
import type { InboxItem } from '../../protocol/messages.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { plainLine, withoutIcons } from '../text/plainText.ts';
import { changeText, joined } from '../text/runWords.ts';
import { askIcons, askText } from '../tree/askItem.ts';

/** What a row is about. */
interface About {
  readonly model: RepositoryModel;
  readonly state: RunState;
}

/** A row of the list of what waits: what is decided by it is exactly what it shows. */
export interface AskRow {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly target: About & { readonly shown: { readonly id: string; readonly tree: string | null } };
}

/**
 * Everything of these kinds that waits, oldest first, one row each with its task, attempt, tree and files; those of the row the person came
 * from stand on top, so that Enter means them.
 */
export function askRows(
  { repositories, host }: HostContext,
  kinds: readonly InboxItem['kind'][],
  from: (About & { readonly shown: { readonly id: string | null } | null }) | null,
): AskRow[] {
  const isFrom = (model: RepositoryModel, { run, id }: InboxItem): boolean =>
    from !== null && from.model === model && from.state.run === run && (from.shown?.id == null || from.shown.id === id);
  const several = repositories.list.length > 1;
  return repositories.list
    .flatMap((model) => model.inbox.filter(({ kind }) => kinds.includes(kind)).map((item) => ({ model, item })))
    .sort((a, b) => Number(isFrom(b.model, b.item)) - Number(isFrom(a.model, a.item)) || a.item.at - b.item.at)
    .flatMap(({ model, item }) => {
      const state = model.run(item.run);
      if (state === null) return [];
      const tree = item.tree === null ? '' : `tree ${shortOid(item.tree)}`;
      const files = item.tree === null ? '' : changeText(state, item.tree);
      return {
        label: `$(${askIcons[item.kind]}) ${item.task} ${withoutIcons(plainLine(state.spec.title, 60))}`,
        description: joined(attemptText(state), tree, files, runElapsedText(state, host.clock.now()), several ? model.place.name : ''),
        detail: withoutIcons(askText(item)),
        target: { model, state, shown: { id: item.id, tree: item.tree } },
      };
    });
}
