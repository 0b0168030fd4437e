import type { NetworkMode } from '../model/sandboxSpec.ts';
import type { Mount } from '../ports/sandbox.ts';

export interface SeatbeltProfile {
  /** For `sandbox-exec -p`. */
  readonly text: string;
  /**
   * Places that are seen under another path with bubblewrap. Seatbelt has no mounts: the path itself is closed, and who starts the program leads it
   * to `from` by its environment (HOME, TMPDIR, the git folder).
   */
  readonly moved: readonly { readonly path: string; readonly from: string }[];
}

/** What programs need of the system before they can do anything at all; none of it is a user's. */
const GROUND = [
  '(version 1)',
  '(deny default)',
  '(allow process-exec process-fork)',
  '(allow signal (target same-sandbox))',
  '(allow process-info* (target same-sandbox))',
  '(allow sysctl-read)',
  '(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo") (global-name "com.apple.system.logger") (global-name "com.apple.SystemConfiguration.configd") (global-name "com.apple.trustd.agent"))',
  '(allow ipc-posix-sem)',
  '(allow pseudo-tty)',
];
const DEVICES = ['null', 'zero', 'random', 'urandom', 'tty', 'ptmx', 'dtracehelper'];

/**
 * The policy of a cell, which is also what bubblewrap is given, as a profile of macOS's Seatbelt. The last rule that matches counts there, as the
 * last mount does here. Paths have to be real ones: Seatbelt resolves links before it looks (`/tmp` is `/private/tmp`).
 */
export function seatbeltProfile(mounts: readonly Mount[], network: NetworkMode): SeatbeltProfile {
  const moved = mounts.flatMap(({ kind, path, from }) =>
    from !== undefined && from !== path && (kind === 'writable' || kind === 'readOnly') ? [{ path, from }] : [],
  );
  const files = mounts.flatMap(rulesOf);
  // What is led elsewhere may lie in a folder that a later mount hides.
  const led = moved.map(({ from }) => `(allow file-read* file-write* ${subpath(from)})`);
  return { text: [...GROUND, ...files, ...led, ...networkRules(network), ''].join('\n'), moved };
}

function rulesOf({ kind, path, from = path }: Mount): string[] {
  switch (kind) {
    case 'readOnly':
      return from === path
        ? [`(allow file-read* ${subpath(path)})`, `(deny file-write* ${subpath(path)})`]
        : [`(deny file* ${subpath(path)})`];
    case 'writable':
      return from === path ? [`(allow file-read* file-write* ${subpath(path)})`] : [`(deny file* ${subpath(path)})`];
    case 'empty':
    case 'nothing':
      // That it is there may be known, so that a path through it can be followed.
      return [`(deny file* ${subpath(path)})`, `(allow file-read-metadata ${literal(path)})`];
    case 'devices':
      return [
        `(allow file-read* ${subpath(path)})`,
        `(allow file-write* ${DEVICES.map((name) => literal(`${path}/${name}`)).join(' ')} (regex #"^/dev/ttys[0-9]+$"))`,
      ];
    case 'proc':
      // There is none; processes are kept apart by `process-info*` and `signal`.
      return [];
  }
}

const networkRules = (network: NetworkMode): string[] =>
  network === 'open'
    ? ['(allow network*)', '(allow system-socket)']
    : [
        '(deny network*)',
        '(allow network* (local ip "localhost:*") (remote ip "localhost:*"))',
        '(deny network-outbound (literal "/private/var/run/mDNSResponder"))',
      ];

const quoted = (path: string): string => `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
const subpath = (path: string): string => `(subpath ${quoted(path)})`;
const literal = (path: string): string => `(literal ${quoted(path)})`;
