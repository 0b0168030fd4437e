import { signal } from '@preact/signals';
import type { SpanKind, SpanStatus } from '../../../src/core/projections/timelineSpan.ts';

/** The editor's colours, for what is drawn on a canvas. */
export interface Theme {
  readonly foreground: string;
  readonly faint: string;
  readonly background: string;
  readonly border: string;
  readonly grid: string;
  readonly focus: string;
  readonly picked: string;
  readonly blue: string;
  readonly green: string;
  readonly red: string;
  readonly yellow: string;
  readonly cyan: string;
  readonly purple: string;
  readonly isHighContrast: boolean;
  readonly font: string;
}

function read(): Theme {
  const styles = getComputedStyle(document.documentElement);
  const value = (name: string, otherwise: string): string => styles.getPropertyValue(`--vscode-${name}`).trim() || otherwise;
  const foreground = value('foreground', '#cccccc');
  const kind = document.body.dataset['vscodeThemeKind'] ?? '';
  const isHighContrast = kind.startsWith('vscode-high-contrast') || document.body.classList.contains('vscode-high-contrast');
  return {
    foreground,
    faint: value('descriptionForeground', foreground),
    background: value('editor-background', '#1e1e1e'),
    border: isHighContrast ? value('contrastBorder', foreground) : value('editorGroup-border', value('panel-border', '#444444')),
    // Full strength in high contrast, which would drown what is drawn over it.
    grid: `color-mix(in srgb, ${value('editorIndentGuide-background1', '#404040')} 45%, transparent)`,
    focus: value('focusBorder', '#0078d4'),
    picked: isHighContrast ? 'transparent' : value('list-inactiveSelectionBackground', '#37373d'),
    blue: value('charts-blue', '#3794ff'),
    green: value('charts-green', '#89d185'),
    red: value('charts-red', '#f14c4c'),
    yellow: value('charts-yellow', '#cca700'),
    // The chart colour orange is a translucent highlight in some themes.
    cyan: value('terminal-ansiCyan', '#11a8cd'),
    purple: value('charts-purple', '#b180d7'),
    isHighContrast,
    font: value('font-family', 'sans-serif'),
  };
}

export const theme = signal<Theme>(read());

/** Follows the editor when its theme changes. */
export function watchTheme(): void {
  const update = (): void => {
    theme.value = read();
  };
  const observer = new MutationObserver(update);
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-kind', 'data-vscode-theme-id'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
  update();
}

/** The colour of a span: by how it went where that matters, else by what it is. */
export function spanColour(colours: Theme, kind: SpanKind, status: SpanStatus): string {
  if (status === 'bad') return colours.red;
  if (status === 'waiting') return colours.yellow;
  switch (kind) {
    case 'execute':
    case 'model':
      return colours.blue;
    case 'tool':
      return colours.purple;
    case 'test':
    case 'baseTest':
      return status === 'good' ? colours.green : colours.faint;
    case 'commit':
    case 'landing':
      return colours.green;
    case 'gate':
      return status === 'good' ? colours.green : colours.yellow;
    case 'parked':
      return colours.yellow;
    case 'attempt':
      return status === 'good' ? colours.green : colours.faint;
    default:
      return colours.faint;
  }
}
