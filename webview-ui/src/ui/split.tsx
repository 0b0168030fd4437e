import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { useSize } from './canvasSize.ts';
import { isStackedAt, shareByKey, splitLimits, within } from './splitShares.ts';

interface SplitProps {
  /** What the divider is called, and what its value is the size of. */
  readonly label: string;
  readonly firstName: string;
  /** The first pane's share in percent, as a person left it. */
  readonly share: Signal<number>;
  readonly standard: number;
  readonly first: ComponentChildren;
  readonly second: ComponentChildren;
}

/** Two panes side by side, or one below the other where it is narrow, with a divider that the pointer and the keyboard move. A double click takes it back. */
export function Split({ label, firstName, share, standard, first, second }: SplitProps) {
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const isStacked = isStackedAt(size.width);
  const limits = splitLimits(size);
  const shown = within(share.value, limits);
  const move = (event: PointerEvent): void => {
    const bounds = box.current?.getBoundingClientRect();
    if (bounds === undefined) return;
    const at = isStacked ? (event.clientY - bounds.top) / bounds.height : (event.clientX - bounds.left) / bounds.width;
    share.value = within(at * 100, limits);
  };
  return (
    <div ref={box} class={isStacked ? 'split stacked' : 'split'}>
      <div class="pane" style={{ flexBasis: `${shown}%` }}>
        {first}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a rule can't be moved */}
      <div
        class="divider"
        tabIndex={0}
        role="separator"
        aria-label={label}
        aria-orientation={isStacked ? 'horizontal' : 'vertical'}
        aria-valuenow={Math.round(shown)}
        aria-valuemin={Math.round(limits.min)}
        aria-valuemax={Math.round(limits.max)}
        aria-valuetext={`${firstName} ${Math.round(shown)} %`}
        title="Drag, or use the arrow keys. A double click takes it back."
        onPointerDown={(event) => {
          if (event.button === 0) event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => {
          if (event.currentTarget.hasPointerCapture(event.pointerId)) move(event);
        }}
        onDblClick={() => {
          share.value = standard;
        }}
        onKeyDown={(event) => {
          if (event.ctrlKey || event.metaKey || event.altKey) return;
          const moved = shareByKey(event.key, shown, limits, isStacked, standard);
          if (moved === null) return;
          event.preventDefault();
          share.value = moved;
        }}
      />
      <div class="pane rest">{second}</div>
    </div>
  );
}
