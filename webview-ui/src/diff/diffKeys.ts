export interface HunkKeys {
  readonly toggle: (path: string, hunk: number | null) => void;
  /** @param line of the candidate, from 1 */
  readonly comment: (path: string, line: number) => void;
}

/**
 * Moves among the hunks and the lines of one, takes, rejects and comments on them by key. A hunk has `data-path`, `data-hunk` and `data-line`,
 * a button in it that stands for a line `data-line`.
 */
export function onDiffKey(event: KeyboardEvent, box: HTMLElement | null, { toggle, comment }: HunkKeys): void {
  if (box === null || event.ctrlKey || event.metaKey || event.altKey) return;
  // Somebody writes.
  if (event.target instanceof HTMLElement && event.target.localName === 'vscode-textarea') return;
  const hunks = [...box.querySelectorAll<HTMLElement>('[data-hunk]')];
  const at = hunks.findIndex((hunk) => hunk.contains(document.activeElement));
  const current = hunks[at];
  const { path, hunk } = current?.dataset ?? {};
  const lines = [...(current?.querySelectorAll<HTMLElement>('button[data-line]') ?? [])];
  const active = document.activeElement;
  const atLine = active instanceof HTMLElement ? lines.indexOf(active) : -1;
  const line = (lines[atLine] ?? current)?.dataset['line'];
  switch (event.key) {
    case 'j':
      focus(hunks[Math.min(hunks.length - 1, at + 1)]);
      break;
    case 'k':
      focus(hunks[Math.max(0, at - 1)]);
      break;
    case 'ArrowDown':
      if (lines.length === 0 || (atLine < 0 && document.activeElement !== current)) return;
      focus(lines[Math.min(lines.length - 1, atLine + 1)]);
      break;
    case 'ArrowUp':
      // Above the first line is the hunk itself.
      if (atLine < 0) return;
      focus(lines[atLine - 1] ?? current);
      break;
    case ' ':
      if (path === undefined || document.activeElement !== current) return;
      toggle(path, Number(hunk) < 0 ? null : Number(hunk));
      break;
    case 'x':
      if (path !== undefined) toggle(path, null);
      break;
    case 'c':
      if (path !== undefined && line !== undefined) comment(path, Number(line));
      break;
    default:
      return;
  }
  event.preventDefault();
}

function focus(hunk: HTMLElement | undefined): void {
  hunk?.focus({ preventScroll: true });
  hunk?.scrollIntoView({ block: 'nearest' });
}
