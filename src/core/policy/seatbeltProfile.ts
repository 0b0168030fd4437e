import type { NetworkMode } from '../model/sandboxSpec.ts';
import type { Mount } from '../ports/sandbox.ts';

export interface SeatbeltRequest {
  /** As for bubblewrap, by real paths: Seatbelt resolves links before it looks (`/tmp` is `/private/tmp`). Those that are not there are left out. */
  readonly mounts: readonly Mount[];
  /** Tells a folder from a file on this machine. */
  readonly isFolder: (path: string) => boolean;
  readonly network: NetworkMode;
  /** Ports of this machine that are the cell's own, where the network is not open. */
  readonly ports: readonly number[];
  /** Folders in which it may make sockets and reach them. */
  readonly ownSockets: readonly string[];
  /** Sockets elsewhere that it may reach. */
  readonly sockets: readonly string[];
}

/** Stands in a profile for the port on which the way out of a cell with a list is; known only when the cell starts. */
export const PROXY_PLACE = '"localhost:{proxy}"';

const SERVICES = [
  ...['com.apple.system.logger', 'com.apple.logd', 'com.apple.system.notification_center', 'com.apple.bsd.dirhelper'],
  ...['com.apple.system.opendirectoryd.libinfo', 'com.apple.system.opendirectoryd.membership'],
];
/** These ask hosts themselves for whoever asks them. */
const SERVICES_OF_NETWORK = [
  ...['com.apple.trustd', 'com.apple.trustd.agent', 'com.apple.dnssd.service'],
  ...['com.apple.SystemConfiguration.configd', 'com.apple.SystemConfiguration.DNSConfiguration'],
];
/** What runtimes look at when they start. `kern.procargs2`, by which the environment of other processes is read, is none of them. */
const KERNEL = [
  ...['argmax', 'boottime', 'hostname', 'maxfiles', 'maxfilesperproc', 'maxproc', 'ngroups', 'osproductversion', 'osrelease', 'ostype'],
  ...['osvariant_status', 'osversion', 'secure_kernel', 'tcsm_available', 'tcsm_enable', 'usrstack64', 'version', 'willshutdown'],
];
const KERNEL_OTHERS = ['vm.loadavg', 'sysctl.proc_cputype', 'security.mac.lockdown_mode_state'];
const KERNEL_PREFIXES = ['hw.', 'machdep.', 'net.routetable.'];
const DEVICES = ['null', 'zero', 'random', 'urandom', 'tty', 'ptmx', 'dtracehelper', 'stdin', 'stdout', 'stderr'];
const TERMINALS = '(regex #"^/dev/ttys[0-9]+$")';
const NAME_SERVICE = '/private/var/run/mDNSResponder';

/**
 * The policy of a cell, which is also what bubblewrap is given, as a profile of macOS's Seatbelt. Seatbelt has no mounts: a place that would be
 * seen under another path is closed under it, and who starts a program leads it to `from` by its environment. The last rule that matches an
 * operation counts, but a rule for one operation stands above one for several; so files are ruled by `file-read*` and `file-write*` alone.
 */
export function seatbeltProfile(request: SeatbeltRequest): string {
  const { mounts } = request;
  const led = mounts.flatMap(({ kind, path, from }) => (from === undefined || from === path ? [] : opened(kind, from)));
  return [
    ...ground(),
    ...mounts.flatMap(rulesOf),
    // What is led elsewhere may lie in a folder that a later mount hides.
    ...led,
    // That a folder is there may be known, so that a path through it can be followed.
    '(allow file-read* (literal "/"))',
    '(allow file-read-metadata (vnode-type DIRECTORY))',
    ...pins(request),
    ...networkRules(request),
    '',
  ].join('\n');
}

const ground = (): string[] => [
  '(version 1)',
  '(deny default)',
  '(allow process-exec)',
  '(allow process-fork)',
  '(allow signal (target same-sandbox))',
  '(allow process-info* (target same-sandbox))',
  "(if (defined? 'file-map-executable) (allow file-map-executable))",
  `(allow sysctl-read ${[
    ...[...KERNEL.map((name) => `kern.${name}`), ...KERNEL_OTHERS].map((name) => `(sysctl-name ${quoted(name)})`),
    ...KERNEL_PREFIXES.map((name) => `(sysctl-name-prefix ${quoted(name)})`),
  ].join(' ')})`,
  lookup(SERVICES),
  '(allow ipc-posix-sem)',
  '(allow ipc-posix-shm-read-data (ipc-posix-name "apple.shm.notification_center"))',
  '(allow pseudo-tty)',
];

const lookup = (names: readonly string[]): string =>
  `(allow mach-lookup ${names.map((name) => `(global-name ${quoted(name)})`).join(' ')})`;

function rulesOf({ kind, path, from = path }: Mount): string[] {
  switch (kind) {
    case 'readOnly':
    case 'writable':
      return from === path ? opened(kind, path) : closed(path);
    case 'empty':
    case 'nothing':
      return closed(path);
    case 'devices': {
      const written = `${DEVICES.map((name) => literal(`${path}/${name}`)).join(' ')} ${subpath(`${path}/fd`)} ${TERMINALS}`;
      return [...opened('readOnly', path), `(allow file-write* ${written})`, `(allow file-ioctl ${written})`];
    }
    case 'proc':
      // There is none; processes are kept apart by `process-info*`, `signal` and `sysctl-read`.
      return [];
  }
}

const opened = (kind: Mount['kind'], path: string): string[] =>
  kind === 'writable'
    ? [`(allow file-read* file-write* ${subpath(path)})`]
    : [`(allow file-read* ${subpath(path)})`, `(deny file-write* ${subpath(path)})`];
const closed = (path: string): string[] => [`(deny file-read* file-write* ${subpath(path)})`];

/**
 * Folders that stay where they are: those that may be written as a whole, and those on the way to a place within one that has rules of its
 * own. With another in its place a path would lead whoever is outside, or the rules, to what the agent has made.
 */
function pins({ mounts, isFolder }: SeatbeltRequest): string[] {
  const written = mounts.flatMap(({ kind, path, from = path }) => (kind === 'writable' && isFolder(from) ? [from] : []));
  const between = mounts.flatMap(({ path, from = path }) =>
    [path, from].flatMap((place) => written.flatMap((root) => (isBelow(place, root) ? onTheWay(root, place) : []))),
  );
  const all = [...new Set([...written, ...between])];
  return all.length === 0 ? [] : [`(deny file-write-unlink file-write-create ${all.map(literal).join(' ')})`];
}

function onTheWay(root: string, place: string): string[] {
  const parts = place.slice(root.length + 1).split('/');
  return parts.slice(1).map((_, depth) => `${root}/${parts.slice(0, depth + 1).join('/')}`);
}

const isBelow = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);

function networkRules({ network, ports, ownSockets, sockets }: SeatbeltRequest): string[] {
  const own = ownSockets.map(subpath);
  const reached = [...ownSockets, ...sockets, ...(network === 'open' ? [NAME_SERVICE] : [])].map(subpath);
  return [
    '(allow system-socket (socket-domain AF_UNIX))',
    ...own.map((place) => `(allow network-bind (local unix-socket ${place}))`),
    ...reached.map((place) => `(allow network-outbound (remote unix-socket ${place}))`),
    ...(network === 'open' ? open() : ports.flatMap(ownPort)),
    ...(network === 'allowlist' ? [`(allow network-outbound (remote ip ${PROXY_PLACE}))`] : []),
  ];
}

const open = (): string[] => [
  '(allow network-bind (local ip "*:*"))',
  '(allow network-inbound (local ip "*:*"))',
  '(allow network-outbound (remote ip "*:*"))',
  // Routes and the like: the kernel's own sockets, which lead to no host.
  '(allow system-socket)',
  lookup(SERVICES_OF_NETWORK),
];

/** A connection is ruled by its far end alone: by its near end, which is any address until it is made, every one would be allowed. */
const ownPort = (port: number): string[] => [
  `(allow network-bind network-inbound (local ip "localhost:${port}"))`,
  `(allow network-outbound (remote ip "localhost:${port}"))`,
];

const quoted = (path: string): string => `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
const subpath = (path: string): string => `(subpath ${quoted(path)})`;
const literal = (path: string): string => `(literal ${quoted(path)})`;
