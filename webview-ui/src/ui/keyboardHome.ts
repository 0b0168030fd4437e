import { useEffect } from 'preact/hooks';

/**
 * Gives the keyboard to what the tab is for, marked `data-home`, when the page has it and nothing in the page does: after the panel was opened, or
 * when what had it is gone.
 */
export function bringKeyboardHome(): void {
  if (!document.hasFocus() || (document.activeElement ?? document.body) !== document.body) return;
  goHome();
}

export const goHome = (): void => document.querySelector<HTMLElement>('[data-home]')?.focus({ preventScroll: true });

/** @param isThere what has `data-home` is drawn */
export function useKeyboardHome(isThere = true): void {
  useEffect(() => {
    if (!isThere) return;
    const frame = requestAnimationFrame(bringKeyboardHome);
    return () => cancelAnimationFrame(frame);
  }, [isThere]);
}

/** Keys that may take away what has the keyboard. Tab is none: it has to lead out of the page. */
const pressing = new Set(['Enter', ' ', 'Escape']);

/** Called once. */
export function keepKeyboardHome(): void {
  window.addEventListener('focus', () => requestAnimationFrame(bringKeyboardHome));
  window.addEventListener('keyup', ({ key }) => {
    if (pressing.has(key)) requestAnimationFrame(bringKeyboardHome);
  });
}
