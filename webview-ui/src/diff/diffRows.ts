import type { PatchFileShape } from '../../../src/protocol/panelShapes.ts';

type Hunk = PatchFileShape['hunks'][number];

/** One line of one side; null where the other side has a line and this one has none. */
export interface DiffSide {
  readonly line: number;
  readonly text: string;
  readonly kind: 'same' | 'added' | 'removed';
}

export interface DiffRow {
  readonly left: DiffSide | null;
  readonly right: DiffSide | null;
}

/** The lines of a hunk in one column, as they stand in the patch. */
export function inlineRows(hunk: Hunk): DiffRow[] {
  let old = hunk.oldStart;
  let fresh = hunk.newStart;
  return content(hunk).map(({ mark, text }): DiffRow => {
    if (mark === '-') return { left: { line: old++, text, kind: 'removed' }, right: null };
    if (mark === '+') return { left: null, right: { line: fresh++, text, kind: 'added' } };
    return { left: { line: old++, text, kind: 'same' }, right: { line: fresh++, text, kind: 'same' } };
  });
}

/** The lines of a hunk in two columns: what was removed beside what was added in its place. */
export function sideBySideRows(hunk: Hunk): DiffRow[] {
  const rows: DiffRow[] = [];
  let removed: DiffSide[] = [];
  let added: DiffSide[] = [];
  const flush = (): void => {
    for (let i = 0; i < Math.max(removed.length, added.length); i += 1) rows.push({ left: removed[i] ?? null, right: added[i] ?? null });
    removed = [];
    added = [];
  };
  for (const { left, right } of inlineRows(hunk)) {
    if (left?.kind === 'removed') removed.push(left);
    else if (right?.kind === 'added') added.push(right);
    else {
      flush();
      rows.push({ left, right });
    }
  }
  flush();
  return rows;
}

/** Lines without git's remarks about a missing newline at the end, which is put behind the line it is about. */
function content(hunk: Hunk): { mark: string; text: string }[] {
  const lines: { mark: string; text: string }[] = [];
  for (const line of hunk.lines) {
    const last = lines.at(-1);
    if (line.startsWith('\\')) {
      if (last !== undefined) last.text += ' ⊘';
    } else lines.push({ mark: line[0] ?? ' ', text: line.slice(1) });
  }
  return lines;
}
