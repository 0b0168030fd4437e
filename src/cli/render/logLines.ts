import type { Entry } from '../../core/journal/entry.ts';
import type { CommandEvidence } from '../../core/journal/events.ts';
import { readEvent } from '../../core/journal/readEvent.ts';
import { elapsedText } from '../../core/projections/figures.ts';
import { eventText } from './eventText.ts';
import { safeLine, safeText } from './safeText.ts';
import { renderLine, type Style, tone, uncut } from './style.ts';

/** An entry of the log in full: the agent's words, its tools, what tests printed. Empty for what says nothing to people. */
export function logLines(entry: Entry, given: Style, timeOfDay: (at: number) => string): string[] {
  const style = uncut(given);
  const event = readEvent(entry);
  if (event === null) return [];
  const block = (text: string, mark: string) =>
    safeText(text)
      .replace(/^(?:[ \t]*\n)+/, '')
      .trimEnd()
      .split('\n')
      .filter((line, index, all) => line !== '' || index < all.length - 1)
      .map((line) => renderLine([tone('dim', `         ${mark} `), line.replaceAll('\t', '    ')], style).trimEnd());
  const head = (text: string) => renderLine([tone('dim', `${timeOfDay(entry.at)} `), text], style);
  const output = (evidence: CommandEvidence) => (evidence.tail.trim() === '' ? [] : block(evidence.tail, '|'));
  switch (event.type) {
    case 'message/finished': {
      const { message } = event.data;
      const tools = message.tools.map((tool) =>
        renderLine(
          [
            '         ',
            tool.status === 'error' ? tone('bad', '✗ ') : tone('accent', '▪ '),
            safeLine(`${tool.tool} ${tool.title}`),
            tone('dim', `  ${elapsedText(tool.durationMs)}`),
            tool.error === undefined ? '' : `  ${safeLine(tool.error)}`,
          ],
          style,
        ),
      );
      const error = message.error === null ? [] : block(`failed: ${message.error}`, '✗');
      const who = `agent${message.subagent ? ` (subagent ${message.agent})` : ''}`;
      return [
        head(`${who}: ${message.tools.length > 0 && message.text.trim() === '' ? 'uses tools' : 'says'}`),
        ...(message.text.trim() === '' ? [] : block(message.text, ' ')),
        ...tools,
        ...error,
      ];
    }
    case 'attempt/started':
      return [head(eventText(entry) ?? ''), ...block(event.data.prompt, '>')];
    case 'attempt/tested':
    case 'base/tested':
    case 'cell/setupFinished':
    case 'landing/tested':
      return [head(eventText(entry) ?? ''), ...output(event.data.evidence)];
    case 'cell/serverFailed':
      return [head(eventText(entry) ?? ''), ...block(event.data.logTail, '|')];
    default: {
      const text = eventText(entry);
      return text === null ? [] : [head(text)];
    }
  }
}
