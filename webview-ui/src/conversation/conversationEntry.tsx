import { useEffect, useState } from 'preact/hooks';
import type { ConversationItemShape } from '../../../src/protocol/panelShapes.ts';
import { durationText, plural, timeText, totalText } from '../ui/format.ts';
import { highlightParts } from './highlightParts.ts';

const icons = {
  prompt: 'comment',
  message: 'hubot',
  tests: 'beaker',
  asked: 'question',
  answered: 'reply',
  note: 'info',
} as const satisfies Record<ConversationItemShape['kind'], string>;

/** Longer texts start folded. */
const foldedFrom = 1200;

/** All were folded or unfolded: a new one each time. */
export interface Folding {
  readonly isOpen: boolean;
}

/** One thing said. What is short or matters is open: the agent's words, failures; long prompts and green test output are folded. */
export function ConversationEntry({ item, query, unfolded }: { item: ConversationItemShape; query: string; unfolded: Folding | null }) {
  const startsOpen = item.kind === 'message' ? item.text.length < foldedFrom : item.failed || item.text.length < 200;
  const [isOpen, setOpen] = useState(startsOpen || query !== '');
  useEffect(() => {
    if (unfolded !== null) setOpen(unfolded.isOpen);
  }, [unfolded]);
  const hasBody = item.text !== '' || item.tools.length > 0;
  const isWhole = isOpen && hasBody;
  return (
    <article class={`entry ${item.kind}${item.failed ? ' failed' : ''}`} aria-label={`${item.who}: ${item.title}`}>
      <button type="button" class="entry-head" aria-expanded={isOpen} disabled={!hasBody} onClick={() => setOpen(!isOpen)}>
        <span class={`codicon codicon-chevron-${isOpen ? 'down' : 'right'}${hasBody ? '' : ' hidden'}`} aria-hidden="true" />
        <vscode-icon
          name={icons[item.kind]}
          size={14}
          class={item.failed ? 'tone-bad' : item.kind === 'message' ? 'tone-busy' : 'tone-calm'}
        />
        <b>{item.who}</b>
        {isWhole && item.kind === 'message' ? null : (
          <span class="clip">
            <Marked text={item.title} query={query} />
          </span>
        )}
        <span class="grow" />
        {item.tools.length === 0 ? null : <span class="faint">{plural(item.tools.length, 'tool')}</span>}
        {item.cost === null ? null : <span class="faint number">{totalText(item.cost)}</span>}
        <span class="faint number">{timeText(item.at)}</span>
      </button>
      {isWhole ? (
        <div class="entry-body">
          {item.text === '' ? null : item.kind === 'tests' ? (
            <pre class="output">
              <Marked text={item.text} query={query} />
            </pre>
          ) : (
            <p class="prose">
              <Marked text={item.text} query={query} />
            </p>
          )}
          {item.tools.length === 0 ? null : (
            <ul class="tools">
              {item.tools.map((tool, index) => (
                <li key={index} class={tool.failed ? 'tone-bad' : ''}>
                  <span aria-hidden="true">{tool.failed ? '✗' : '✓'}</span> <b>{tool.tool}</b>{' '}
                  <code>
                    <Marked text={tool.title} query={query} />
                  </code>{' '}
                  <span class="faint">{durationText(tool.durationMs)}</span>
                  {tool.error === '' ? null : <pre class="output">{tool.error}</pre>}
                </li>
              ))}
            </ul>
          )}
        </div>
      ) : null}
    </article>
  );
}

/** Text with the words that were searched for marked. */
const Marked = ({ text, query }: { text: string; query: string }) => (
  <span>{highlightParts(text, query).map(({ text: part, isMatch }, index) => (isMatch ? <mark key={index}>{part}</mark> : part))}</span>
);
