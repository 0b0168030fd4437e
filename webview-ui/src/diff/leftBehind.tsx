import { visibleCode } from '../../../src/base/visibleText.ts';
import type { Lane } from '../../../src/protocol/panelShapes.ts';
import { reviewWork } from '../panelState.ts';
import { plural } from '../ui/format.ts';
import { leftBehind, placeKey, without } from './reviewWork.ts';

/** What a person had begun on a candidate that was replaced meanwhile: shown until it is not needed any more, never put anywhere else. */
export function LeftBehind({ lane }: { lane: Lane }) {
  const left = leftBehind(reviewWork.value, lane.run, lane.reviewTree);
  if (left.rejected.length + left.drafts.length === 0) return null;
  const files = left.rejected.flatMap((one) => one.files);
  return (
    <section class="left-behind" aria-label="Not sent">
      <p>You had not sent this when the candidate it is about stopped waiting for review:</p>
      <ul>
        {files.length === 0 ? null : (
          <li>
            rejected:{' '}
            {files
              .map(({ path, hunks }) => (hunks === null ? visibleCode(path) : `${visibleCode(path)} (${plural(hunks.length, 'hunk')})`))
              .join(', ')}
          </li>
        )}
        {left.drafts.map((draft) => (
          <li key={placeKey(draft)}>
            {visibleCode(draft.path)}, line {draft.line + 1}: <span class="prose">{draft.body}</span>
          </li>
        ))}
      </ul>
      <vscode-button
        secondary
        onClick={() => {
          reviewWork.value = without(reviewWork.value, left);
        }}
      >
        Discard
      </vscode-button>
    </section>
  );
}
