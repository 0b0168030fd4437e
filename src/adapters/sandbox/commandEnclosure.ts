import { z } from 'zod';
import type { CommandEnclosure } from '../../core/ports/sandbox.ts';
import { isFolder, mountArguments } from './bubblewrap.ts';

/** bubblewrap's own process in the sandbox keeps only the first three. */
const STREAMS = '7<&0 8>&1 9>&2 </dev/null >/dev/null 2>&1';
const TAKE_STREAMS = ['/bin/sh', '-c', 'exec "$@" <&7 >&8 2>&9 7<&- 8>&- 9>&-', 'sh'];
/** The editor's own program is Node only when it is told so. */
const AS_NODE = ['/usr/bin/env', 'ELECTRON_RUN_AS_NODE=1'];
/** Of what was written down before it was. */
const USUAL_PATH = '/usr/local/bin:/usr/bin:/bin';

const CommandRecord = z.object({
  version: z.literal(1),
  begin: z.array(z.string()).min(1),
  through: z.array(z.string()),
  path: z.string().default(USUAL_PATH),
  gate: z
    .object({ folder: z.string(), mounts: z.array(z.string()) })
    .nullable()
    .default(null),
});

export interface CommandStart {
  /** bubblewrap's command line up to where the files follow that one command alone may read. */
  readonly begin: readonly string[];
  /** What starts the command within; empty for nothing. */
  readonly through: readonly string[];
  /** See `CommandEnclosure.path`. */
  readonly path: string;
  /** What is laid over it for another home; null when there is none. */
  readonly gate: { readonly folder: string; readonly mounts: readonly string[] } | null;
}

export const commandEnclosure = ({ begin, through, path, gate }: CommandStart): CommandEnclosure => ({
  command: (seen = [], inGate = false) => {
    const files = seen.map((file) => ({ kind: 'readOnly', ...file }) as const);
    return [
      ...begin,
      ...(inGate ? (gate?.mounts ?? []) : []),
      ...mountArguments(files, isFolder),
      '--',
      ...TAKE_STREAMS,
      ...(through.length === 0 ? [] : [...AS_NODE, ...through]),
    ];
  },
  streams: STREAMS,
  path,
  gateIn: gate?.folder ?? null,
});

export const recordOf = ({ begin, through, path, gate }: CommandStart): string =>
  JSON.stringify({
    version: 1,
    begin: [...begin],
    through: [...through],
    path,
    gate: gate === null ? null : { ...gate, mounts: [...gate.mounts] },
  } satisfies z.infer<typeof CommandRecord>);

/** See `Sandbox.recall`. */
export function recallCommands(record: string): CommandEnclosure | null {
  try {
    const parsed = CommandRecord.safeParse(JSON.parse(record));
    return parsed.success ? commandEnclosure(parsed.data) : null;
  } catch {
    return null;
  }
}
