import { z } from 'zod';
import type { CommandEnclosure } from '../../core/ports/sandbox.ts';
import { isFolder, mountArguments } from './bubblewrap.ts';

/** bubblewrap's own process in the sandbox keeps only the first three. */
const STREAMS = '7<&0 8>&1 9>&2 </dev/null >/dev/null 2>&1';
const TAKE_STREAMS = ['/bin/sh', '-c', 'exec "$@" <&7 >&8 2>&9 7<&- 8>&- 9>&-', 'sh'];

const CommandRecord = z.object({ version: z.literal(1), begin: z.array(z.string()).min(1) });

/** @param begin bubblewrap's command line up to where the files follow that one command alone may read. */
export const commandEnclosure = (begin: readonly string[]): CommandEnclosure => ({
  command: (seen = []) => {
    const files = seen.map(({ from, path }) => ({ kind: 'readOnly', path, from }) as const);
    return [...begin, ...mountArguments(files, isFolder), '--', ...TAKE_STREAMS];
  },
  streams: STREAMS,
});

export const recordOf = (begin: readonly string[]): string =>
  JSON.stringify({ version: 1, begin: [...begin] } satisfies z.infer<typeof CommandRecord>);

/** See `Sandbox.recall`. */
export function recallCommands(record: string): CommandEnclosure | null {
  try {
    const parsed = CommandRecord.safeParse(JSON.parse(record));
    return parsed.success ? commandEnclosure(parsed.data.begin) : null;
  } catch {
    return null;
  }
}
