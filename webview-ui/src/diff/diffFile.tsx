import { useSignal } from '@preact/signals';
import { Fragment } from 'preact';
import { visibleCode } from '../../../src/base/visibleText.ts';
import type { PatchFileShape } from '../../../src/protocol/panelShapes.ts';
import { isSideBySide } from '../panelState.ts';
import { codeTokens } from './codeTokens.ts';
import { type DiffSide, inlineRows, sideBySideRows } from './diffRows.ts';
import { type HunkSelection, isRejected, taken } from './hunkSelection.ts';
import { belowLine, type Commented, writeComment } from './lineComments.tsx';

type Hunk = PatchFileShape['hunks'][number];
type Toggle = (path: string, hunk: number | null) => void;

/** The changes of one file: a heading that folds, and its hunks. */
export function DiffFile({
  file,
  selection,
  canReject,
  on,
  startsOpen,
  onToggle,
}: {
  file: PatchFileShape;
  on: Commented;
  selection: HunkSelection;
  canReject: boolean;
  startsOpen: boolean;
  onToggle: Toggle;
}) {
  const isOpen = useSignal(startsOpen);
  const part = taken(selection, file);
  const name = visibleCode(file.oldPath === null ? file.path : `${file.oldPath} → ${file.path}`);
  return (
    <section class="diff-file" aria-label={name}>
      <header {...(file.hunks.length === 0 ? { 'data-path': file.path, 'data-hunk': '-1', tabIndex: 0 } : {})}>
        {canReject ? (
          <vscode-checkbox checked={part === 'all'} indeterminate={part === 'some'} onChange={() => onToggle(file.path, null)}>
            <span class="unseen">Take {name}</span>
          </vscode-checkbox>
        ) : null}
        <button
          type="button"
          class="plain grow"
          aria-expanded={isOpen.value}
          onClick={() => {
            isOpen.value = !isOpen.value;
          }}
        >
          <span class={`codicon codicon-chevron-${isOpen.value ? 'down' : 'right'}`} aria-hidden="true" />
          <span class={`file-mark ${file.status}`} title={file.status}>
            {file.status[0]?.toUpperCase()}
          </span>
          <FileName name={name} />
          {file.modeChange === null ? null : <span class="faint">mode {file.modeChange}</span>}
          {part === 'none' ? <span class="tone-bad">rejected</span> : null}
          <span class="grow" />
          <span class="added">+{file.added}</span>
          <span class="removed">−{file.removed}</span>
        </button>
      </header>
      {isOpen.value ? (
        <div class={isSideBySide.value ? 'hunks side' : 'hunks inline'}>
          {file.binary ? <p class="faint padded">A binary file: it can be taken or rejected as a whole.</p> : null}
          {!file.binary && file.hunks.length === 0 ? <p class="faint padded">No line has changed.</p> : null}
          {file.hunks.map((hunk, index) => (
            <DiffHunk
              key={index}
              path={file.path}
              hunk={hunk}
              index={index}
              canReject={canReject}
              on={on}
              rejected={isRejected(selection, file.path, index)}
              onToggle={onToggle}
            />
          ))}
        </div>
      ) : null}
    </section>
  );
}

/** Where there is little room the folders are cut off, before the name at the end. */
function FileName({ name }: { name: string }) {
  const folders = name.lastIndexOf('/') + 1;
  return (
    <span class="file-name" title={name}>
      <span class="clip">{name.slice(0, folders)}</span>
      <span class="clip">{name.slice(folders)}</span>
    </span>
  );
}

function DiffHunk({
  path,
  hunk,
  index,
  canReject,
  on,
  rejected,
  onToggle,
}: {
  path: string;
  on: Commented;
  hunk: Hunk;
  index: number;
  canReject: boolean;
  rejected: boolean;
  onToggle: Toggle;
}) {
  const isSide = isSideBySide.value;
  const rows = isSide ? sideBySideRows(hunk) : inlineRows(hunk);
  const where = `lines ${hunk.newStart} to ${hunk.newStart + Math.max(0, hunk.newLines - 1)}`;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a form's look and meaning
    <div
      class={rejected ? 'hunk rejected' : 'hunk'}
      data-path={path}
      data-hunk={index}
      data-line={firstChange(hunk)}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: J and K go from hunk to hunk, and Space works on the one that has the focus
      tabIndex={0}
      role="group"
      aria-label={`Hunk ${index + 1}, ${where}${rejected ? ', rejected' : ''}`}
    >
      <div class="hunk-head">
        {canReject ? (
          // The group says which hunk. A text inside would take the place of the word.
          <vscode-checkbox label={rejected ? 'rejected' : 'taken'} checked={!rejected} onChange={() => onToggle(path, index)} />
        ) : null}
        <span class="faint">
          @@ {hunk.oldStart} → {hunk.newStart} @@
        </span>
        <span class="faint clip">{hunk.section}</span>
      </div>
      <table class="code" aria-label={where}>
        <tbody>
          {rows.map(({ left, right }, row) => (
            <Fragment key={row}>
              {isSide ? (
                <tr>
                  <Line side={left} />
                  <Code side={left} path={path} />
                  <CandidateLine side={right} on={on} path={path} />
                  <Code side={right} path={path} />
                </tr>
              ) : (
                <tr>
                  <Line side={left} />
                  <CandidateLine side={right} on={on} path={path} />
                  <Code side={right ?? left} path={path} />
                </tr>
              )}
              {right === null ? null : <BelowLine on={on} path={path} line={right.line - 1} isSide={isSide} />}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The first line of the candidate, from 1, that the hunk has changed. */
const firstChange = (hunk: Hunk): number =>
  inlineRows(hunk).find(({ right }) => right?.kind === 'added')?.right?.line ?? Math.max(1, hunk.newStart);

const Line = ({ side }: { side: DiffSide | null }) => <td class={`line ${side?.kind ?? 'none'}`}>{side?.line ?? ''}</td>;

/** A line of the candidate: its number begins a comment. Arrow keys go from one to the next, and C begins one. */
const CandidateLine = ({ side, on, path }: { side: DiffSide | null; on: Commented; path: string }) => (
  <td class={`line ${side?.kind ?? 'none'}`}>
    {side === null ? (
      ''
    ) : on.isOpen ? (
      <button
        type="button"
        class="number"
        data-line={side.line}
        tabIndex={-1}
        title="Comment on this line"
        aria-label={`Comment on line ${side.line}`}
        onClick={() => writeComment(on, path, side.line - 1)}
      >
        {side.line}
      </button>
    ) : (
      side.line
    )}
  </td>
);

/** Below the candidate's side. */
function BelowLine({ on, path, line, isSide }: { on: Commented; path: string; line: number; isSide: boolean }) {
  const below = belowLine(on, path, line);
  return below === null ? null : (
    <tr>
      {isSide ? <td colSpan={2} /> : null}
      <td colSpan={isSide ? 2 : 3}>{below}</td>
    </tr>
  );
}

const signs = { same: ' ', added: '+', removed: '−' } as const;

const Code = ({ side, path }: { side: DiffSide | null; path: string }) => (
  <td class={`text ${side?.kind ?? 'none'}`}>
    {side === null ? null : (
      <>
        <span class="sign">{signs[side.kind]}</span>
        {codeTokens(side.text, path).map(({ text, kind }, index) =>
          kind === 'plain' ? (
            text
          ) : (
            <span key={index} class={`code-${kind}`}>
              {text}
            </span>
          ),
        )}
      </>
    )}
  </td>
);
