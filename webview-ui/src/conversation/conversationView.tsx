import '@vscode-elements/elements/dist/vscode-textfield/index.js';
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { generation, liveText, pickedLane, pickedRun, problem } from '../panelState.ts';
import { debounced } from '../ui/browserClock.ts';
import { plural } from '../ui/format.ts';
import { useKeyboardHome } from '../ui/keyboardHome.ts';
import { RunPicker } from '../ui/runPicker.tsx';
import { ConversationEntry, type Folding } from './conversationEntry.tsx';
import { conversation, followConversation, isReading, query, readConversation, readEarlier } from './conversationState.ts';

const nearEndPx = 60;

export function ConversationView() {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const unfolded = useSignal<Folding | null>(null);
  const shown = conversation.value;
  const live = pickedRun.value === null ? '' : (liveText.value.get(pickedRun.value) ?? '');
  useKeyboardHome();
  useEffect(followConversation, []);
  useEffect(() => {
    isAtEnd.current = true;
  }, [pickedRun.value]);
  useEffect(readConversation, [pickedRun.value, generation.value]);
  // New text moves the view only when the end was in sight: nothing jumps while it is read.
  useLayoutEffect(() => {
    if (isAtEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [shown, live]);
  const search = useMemo(() => debounced(200, readConversation), []);
  const earlier = (): void => {
    const before = box.current?.scrollHeight ?? 0;
    readEarlier()
      .then(() => {
        requestAnimationFrame(() => {
          if (box.current !== null) box.current.scrollTop += box.current.scrollHeight - before;
        });
      })
      .catch((error: Error) => {
        problem.value = error.message;
      });
  };
  const isSearch = (shown?.query ?? '') !== '';
  return (
    <div class="view">
      <div class="bar wraps" role="toolbar" aria-label="Conversation">
        <RunPicker />
        <vscode-textfield
          class="search"
          type="search"
          label="Search the conversation"
          placeholder="Search the conversation"
          value={query.value}
          onInput={(event) => {
            query.value = event.currentTarget.value;
            search();
          }}
        >
          <vscode-icon slot="content-before" name="search" />
        </vscode-textfield>
        <vscode-toolbar-button icon="expand-all" label="Unfold all" title="Unfold all" onClick={() => fold(true)} />
        <vscode-toolbar-button icon="collapse-all" label="Fold all" title="Fold all" onClick={() => fold(false)} />
        <span class="grow" />
        <span class="faint" role="status">
          {isReading.value
            ? 'reading…'
            : shown === null
              ? ''
              : isSearch
                ? plural(shown.items.length, 'match', 'matches') + (shown.more ? ', the last ones' : '')
                : ''}
        </span>
      </div>
      <div
        ref={box}
        class="conversation scroll"
        data-home
        role="log"
        aria-live="off"
        aria-label={`Conversation of ${pickedLane.value?.task ?? 'no run'}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and is read by key
        tabIndex={0}
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          isAtEnd.current = scrollHeight - scrollTop - clientHeight < nearEndPx;
        }}
      >
        {shown?.more === true && !isSearch ? (
          <vscode-button secondary onClick={earlier}>
            Show Earlier
          </vscode-button>
        ) : null}
        {shown?.items.map((item) => (
          <ConversationEntry key={item.seq} item={item} query={shown.query} unfolded={unfolded.value} />
        ))}
        {shown !== null && shown.items.length === 0 && !isReading.value ? (
          <p class="faint">{isSearch ? 'Nothing in this conversation has all of these words.' : 'Nothing was said yet.'}</p>
        ) : null}
        {live === '' || isSearch ? null : (
          <div class="entry live">
            <div class="entry-head">
              <vscode-icon name="sync" size={14} class="tone-busy" />
              <b>agent</b>
              <span class="faint">is writing</span>
            </div>
            <p class="prose">{live}</p>
          </div>
        )}
      </div>
    </div>
  );

  function fold(isOpen: boolean): void {
    // Another object each time, so that it is done again.
    unfolded.value = { isOpen };
  }
}
