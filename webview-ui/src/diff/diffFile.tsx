import { useSignal } from '@preact/signals';
import { visibleCode } from '../../../src/base/visibleText.ts';
import type { PatchFileShape } from '../../../src/protocol/panelShapes.ts';
import { isSideBySide } from '../panelState.ts';
import { codeTokens } from './codeTokens.ts';
import { type DiffSide, inlineRows, sideBySideRows } from './diffRows.ts';
import { type HunkSelection, isRejected, taken } from './hunkSelection.ts';

type Hunk = PatchFileShape['hunks'][number];
type Toggle = (path: string, hunk: number | null) => void;

/** The changes of one file: a heading that folds, and its hunks. */
export function DiffFile({
  file,
  selection,
  canReject,
  startsOpen,
  onToggle,
}: {
  file: PatchFileShape;
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
          <span class="clip">{name}</span>
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
              rejected={isRejected(selection, file.path, index)}
              onToggle={onToggle}
            />
          ))}
        </div>
      ) : null}
    </section>
  );
}

function DiffHunk({
  path,
  hunk,
  index,
  canReject,
  rejected,
  onToggle,
}: {
  path: string;
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
      // biome-ignore lint/a11y/noNoninteractiveTabindex: J and K go from hunk to hunk, and Space works on the one that has the focus
      tabIndex={0}
      role="group"
      aria-label={`Hunk ${index + 1}, ${where}${rejected ? ', rejected' : ''}`}
    >
      <div class="hunk-head">
        {canReject ? (
          <vscode-checkbox label={rejected ? 'rejected' : 'taken'} checked={!rejected} onChange={() => onToggle(path, index)}>
            <span class="unseen">
              hunk {index + 1}, {where}
            </span>
          </vscode-checkbox>
        ) : null}
        <span class="faint">
          @@ {hunk.oldStart} → {hunk.newStart} @@
        </span>
        <span class="faint clip">{hunk.section}</span>
      </div>
      <table class="code" aria-label={where}>
        <tbody>
          {rows.map(({ left, right }, row) =>
            isSide ? (
              <tr key={row}>
                <Line side={left} />
                <Code side={left} path={path} />
                <Line side={right} />
                <Code side={right} path={path} />
              </tr>
            ) : (
              <tr key={row}>
                <Line side={left} />
                <Line side={right} />
                <Code side={right ?? left} path={path} />
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

const Line = ({ side }: { side: DiffSide | null }) => <td class={`line ${side?.kind ?? 'none'}`}>{side?.line ?? ''}</td>;

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
