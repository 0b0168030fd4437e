import { randomUUID } from 'node:crypto';
import { DisposableStore } from '../../base/lifecycle.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import type { RunRequest } from '../../core/model/runRequest.ts';
import { plural } from '../../core/projections/figures.ts';
import { runCostText } from '../../core/projections/runWords.ts';
import { heldText } from '../../core/projections/waitText.ts';
import type { RunState } from '../../core/run/state.ts';
import type { Reply } from '../../protocol/messages.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { plainLine } from '../text/plainText.ts';
import { joined, markOf } from '../text/runWords.ts';
import { showProblem } from './problem.ts';

/** Nothing more comes by itself: it waits for a person, is parked or has ended. */
const isSettled = (state: RunState): boolean =>
  state.phase === 'ended' || state.parked !== null || state.pending.length > 0 || state.queued?.code === 'person';

/** Hands requests to the engine and shows their progress until each has ended or waits for a person. @throws UserFacingError when refused */
export async function startRuns(context: HostContext, model: RepositoryModel, requests: RunRequest[]): Promise<void> {
  const { vscode } = context;
  const { runs, notes } = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: 'Reactor: handing the work over' },
    () => handOver(model, requests),
  );
  if (notes.length > 0) void vscode.window.showInformationMessage(notes.map((note) => plainLine(note)).join('. '));
  const names =
    runs.length === 1 ? `${runs[0]?.task} ${plainLine(requests[0]?.title ?? requests[0]?.prompt ?? '', 40)}` : plural(runs.length, 'task');
  const watched = new Set(runs.map(({ run }) => run));
  // Not awaited: the command is done when the work is handed over.
  Promise.resolve(
    vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: names }, (progress) =>
      untilSettled(model, watched, (message) => progress.report({ message })),
    ),
  ).catch((error: unknown) => void showProblem(context, error));
}

/** Asks once more when the engine ended before it answered; the key keeps the work from being started twice. */
async function handOver(model: RepositoryModel, requests: RunRequest[]): Promise<Reply<'submit'>> {
  const submission = randomUUID();
  try {
    return await model.request('submit', { requests, submission });
  } catch (error) {
    if (!(error instanceof UserFacingError) || error.code !== 'engineUnavailable') throw error;
    return model.request('submit', { requests, submission, again: true });
  }
}

/** '2 at work · 3 queued' */
function countsText(open: readonly RunState[]): string {
  const queued = open.filter(({ phase }) => phase === 'queued').length;
  const working = open.length - queued;
  return joined(working === 0 ? '' : `${working} at work`, queued === 0 ? '' : `${queued} queued`);
}

function untilSettled(model: RepositoryModel, watched: ReadonlySet<string>, report: (message: string) => void): Promise<void> {
  const store = new DisposableStore();
  return new Promise<void>((resolve) => {
    let last = '';
    const look = (): void => {
      const states = [...watched].flatMap((run) => model.run(run) ?? []);
      const message =
        watched.size === 1
          ? states.map((state) => joined(markOf(state).word, plainLine(heldText(state), 80), runCostText(state))).join('')
          : countsText(states.filter((state) => !isSettled(state)));
      if (message !== last) report(message);
      last = message;
      if (states.length === watched.size && states.every(isSettled)) resolve();
    };
    store.add(model.onDidChangeRun(({ run }) => (watched.has(run) ? look() : undefined)));
    store.add(model.onDidReset(look));
    // A closed model has nothing more to say.
    store.add(model.onDidChangeState((state) => (state === 'closed' ? resolve() : undefined)));
    look();
  }).finally(() => store.dispose());
}
