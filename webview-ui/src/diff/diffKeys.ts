/** Moves among the hunks and takes or rejects them by key. A hunk is an element with `data-path` and `data-hunk`. */
export function onDiffKey(event: KeyboardEvent, box: HTMLElement | null, toggle: (path: string, hunk: number | null) => void): void {
  if (box === null || event.ctrlKey || event.metaKey || event.altKey) return;
  const hunks = [...box.querySelectorAll<HTMLElement>('[data-hunk]')];
  const at = hunks.findIndex((hunk) => hunk.contains(document.activeElement));
  const current = hunks[at];
  const { path, hunk } = current?.dataset ?? {};
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
    default:
      return;
  }
  event.preventDefault();
}

function focus(hunk: HTMLElement | undefined): void {
  hunk?.focus({ preventScroll: true });
  hunk?.scrollIntoView({ block: 'nearest' });
}
