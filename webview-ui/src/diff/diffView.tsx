import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Lane, PatchFileShape } from '../../../src/protocol/panelShapes.ts';
import { ask, send } from '../host.ts';
import { isSideBySide, lanes, pickedLane, problem, reviewWork } from '../panelState.ts';
import { plural } from '../ui/format.ts';
import { bringKeyboardHome, useKeyboardHome } from '../ui/keyboardHome.ts';
import { RunPicker } from '../ui/runPicker.tsx';
import { defaultComparison, isReviewable, type TreeChoice, treeChoices } from './diffChoices.ts';
import { DiffFile } from './diffFile.tsx';
import { type HunkKeys, onDiffKey } from './diffKeys.ts';
import { type HunkSelection, rejectedCount, rejections, setFile, takeAll, toggleHunk } from './hunkSelection.ts';
import { LeftBehind } from './leftBehind.tsx';
import { type Commented, writeComment } from './lineComments.tsx';
import { chosenIn, withChoice } from './reviewWork.ts';

interface Shown {
  readonly key: string;
  readonly files: readonly PatchFileShape[];
  readonly truncated: boolean;
}

/** Lines of open files that are laid out at once; files behind them start folded. */
const openLines = 4000;

export function DiffView() {
  const lane = pickedLane.value;
  return (
    <div class="view">
      <div class="bar wraps" role="toolbar" aria-label="Diff">
        <RunPicker />
        {lane === null ? null : <Comparison key={lane.run} lane={lane} />}
      </div>
      {lane === null ? null : <LeftBehind lane={lane} />}
      {lane === null ? <p class="faint padded">No run has changed anything yet.</p> : <Body lane={lane} />}
    </div>
  );
}

/** The two states a person has chosen; null for what the run itself suggests. */
const chosen = new Map<string, { readonly from: string; readonly to: string }>();

function comparisonOf(lane: Lane): { readonly from: string; readonly to: string } | null {
  const known = new Set(treeChoices(lane, lanes.value).map(({ tree }) => tree));
  const own = chosen.get(lane.run);
  return own !== undefined && known.has(own.from) && known.has(own.to) ? own : defaultComparison(lane);
}

function Comparison({ lane }: { lane: Lane }) {
  const redraw = useSignal(0);
  const now = redraw.value >= 0 ? comparisonOf(lane) : null;
  if (now === null) return null;
  const choices = treeChoices(lane, lanes.value);
  const choose = (change: Partial<{ from: string; to: string }>): void => {
    chosen.set(lane.run, { ...now, ...change });
    redraw.value += 1;
    // The body looks at what was chosen when the lanes change.
    lanes.value = [...lanes.value];
  };
  return (
    <>
      <TreePicker label="Compare" value={now.from} choices={choices} onPick={(from) => choose({ from })} />
      <TreePicker label="with" value={now.to} choices={choices} onPick={(to) => choose({ to })} />
      <vscode-checkbox
        label="Side by side"
        checked={isSideBySide.value}
        onChange={(event) => {
          isSideBySide.value = event.currentTarget.checked;
        }}
      />
      <span class="grow" />
      {lane.reviewTree === null ? null : (
        <vscode-button
          secondary
          icon="diff-multiple"
          onClick={() => send({ type: 'command', command: 'review', run: lane.run, tree: lane.reviewTree })}
        >
          Review in Editor
        </vscode-button>
      )}
    </>
  );
}

function TreePicker({
  label,
  value,
  choices,
  onPick,
}: {
  label: string;
  value: string;
  choices: readonly TreeChoice[];
  onPick: (tree: string) => void;
}) {
  return (
    <div class="picker state">
      <span class="faint" aria-hidden="true">
        {label}
      </span>
      <vscode-single-select
        label={label}
        value={value}
        onChange={(event) => {
          const tree = event.currentTarget.value;
          if (tree !== '' && tree !== value) onPick(tree);
        }}
      >
        {choices.map((choice) => (
          <vscode-option key={`${choice.tree} ${choice.label}`} value={choice.tree} selected={choice.tree === value}>
            {choice.label}
          </vscode-option>
        ))}
      </vscode-single-select>
    </div>
  );
}

function Body({ lane }: { lane: Lane }) {
  const shown = useSignal<Shown | null>(null);
  // Not the whole of what was begun: that changes with each letter of a comment.
  const rejected = useComputed(() => reviewWork.value.rejected).value;
  const box = useRef<HTMLDivElement>(null);
  const comparison = comparisonOf(lane);
  const key = comparison === null ? '' : `${comparison.from} ${comparison.to}`;
  useKeyboardHome(shown.value !== null);
  useEffect(() => send({ type: 'comments', run: lane.run }), [lane.run]);
  useEffect(() => {
    if (comparison === null) return;
    let isCurrent = true;
    ask({ type: 'diff', run: lane.run, ...comparison }, 'diff').then(
      ({ files, truncated }) => {
        if (isCurrent) shown.value = { key, files, truncated };
      },
      (error: Error) => {
        if (isCurrent) problem.value = error.message;
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [key]);
  if (comparison === null) return <p class="faint padded">{lane.task} has made no candidate yet.</p>;
  const files = shown.value?.key === key ? shown.value.files : null;
  if (files === null) return <p class="faint padded">Reading the diff…</p>;
  if (files.length === 0) return <p class="faint padded">The two states are the same.</p>;
  const isOpen = isReviewable(lane, comparison.from, comparison.to);
  // What is not shown to its end can't be taken in part: hunks are numbered by what there is.
  const canReject = isOpen && shown.value?.truncated === false;
  const candidate = { run: lane.run, tree: comparison.to };
  const selection = canReject ? chosenIn({ rejected, drafts: [] }, candidate) : takeAll;
  const choose = (next: HunkSelection): void => {
    reviewWork.value = withChoice(reviewWork.value, candidate, next);
  };
  const added = files.reduce((sum, file) => sum + file.added, 0);
  const removed = files.reduce((sum, file) => sum + file.removed, 0);
  const toggle = (path: string, hunk: number | null): void => {
    const file = files.find((candidate) => candidate.path === path);
    if (file === undefined || !canReject) return;
    choose(hunk === null ? setFile(selection, file, selection.whole.has(path)) : toggleHunk(selection, file, hunk));
  };
  const on: Commented = { ...candidate, isOpen };
  const keys: HunkKeys = { toggle, comment: (path, line) => writeComment(on, path, line - 1) };
  let lines = 0;
  return (
    <>
      <p class="diff-head">
        {plural(files.length, 'file')} <span class="added">+{added}</span> <span class="removed">−{removed}</span>
        {shown.value?.truncated === true ? <span class="tone-wait"> · cut: the diff is larger than what is shown here</span> : null}
        {isOpen ? (
          <span class="faint">
            {' '}
            · J and K go through the hunks, arrows through their lines, {canReject ? 'Space takes or rejects a hunk, X the file, ' : ''}C
            comments
          </span>
        ) : null}
      </p>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys of the hunks inside, caught in one place */}
      <div ref={box} class="diff scroll" data-home tabIndex={-1} onKeyDown={(event) => onDiffKey(event, box.current, keys)}>
        {files.map((file) => {
          lines += file.hunks.reduce((sum, hunk) => sum + hunk.lines.length, 0);
          return (
            <DiffFile
              key={file.path}
              file={file}
              selection={selection}
              canReject={canReject}
              on={on}
              startsOpen={lines < openLines}
              onToggle={toggle}
            />
          );
        })}
      </div>
      <RejectBar lane={lane} tree={comparison.to} files={files} selection={selection} onClear={() => choose(takeAll)} />
    </>
  );
}

function RejectBar({
  lane,
  tree,
  files,
  selection,
  onClear,
}: {
  lane: Lane;
  tree: string;
  files: readonly PatchFileShape[];
  selection: HunkSelection;
  onClear: () => void;
}) {
  const isSending = useSignal(false);
  const count = rejectedCount(selection, files);
  if (count === 0) return null;
  const revise = (): void => {
    isSending.value = true;
    ask({ type: 'revise', run: lane.run, tree, rejected: rejections(selection) }, 'done')
      .then(
        () => {
          onClear();
          requestAnimationFrame(bringKeyboardHome);
        },
        (error: Error) => {
          problem.value = error.message;
        },
      )
      .finally(() => {
        isSending.value = false;
      });
  };
  return (
    <div class="reject-bar" role="status">
      {/* At the left: the editor's notifications lie over the corner at the right. */}
      <vscode-button disabled={isSending.value} onClick={revise}>
        Make New Candidate
      </vscode-button>
      <vscode-button secondary onClick={onClear}>
        Take All
      </vscode-button>
      <span>{plural(count, 'change')} rejected. This makes a new candidate: tests will run again. What is rejected stays restorable.</span>
    </div>
  );
}
