export interface HunkKeys {
  readonly toggle: (path: string, hunk: number | null) => void;
  /** @param line of the candidate, from 1 */
  readonly comment: (path: string, line: number) => void;
}

/** Moves among the hunks, takes, rejects and comments on them by key. A hunk has `data-path`, `data-hunk` and `data-line`. */
export function onDiffKey(event: KeyboardEvent, box: HTMLElement | null, { toggle, comment }: HunkKeys): void {
  if (box === null || event.ctrlKey || event.metaKey || event.altKey) return;
  // Somebody writes.
  if (event.target instanceof HTMLElement && event.target.localName === 'vscode-textarea') return;
  const hunks = [...box.querySelectorAll<HTMLElement>('[data-hunk]')];
  const at = hunks.findIndex((hunk) => hunk.contains(document.activeElement));
  const current = hunks[at];
  const { path, hunk, line } = current?.dataset ?? {};
  switch (event.key) {
    case 'j':
      focus(hunks[Math.min(hunks.length - 1, at + 1)]);
      break;
    case 'k':
      focus(hunks[Math.max(0, at - 1)]);
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
