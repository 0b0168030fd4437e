import { existsSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { GATE, TEMPORARY } from '../../core/policy/gateMounts.ts';
import { OF_OTHERS_ON_MAC, serverMounts, withoutServer } from '../../core/policy/sandboxPolicy.ts';
import { PROXY_PLACE, seatbeltProfile } from '../../core/policy/seatbeltProfile.ts';
import { toolCaches } from '../../core/policy/toolCaches.ts';
import { CELL_MARKER } from '../../core/ports/processes.ts';
import type { CommandEnclosure, EncloseRequest, Enclosure, Mount } from '../../core/ports/sandbox.ts';
import { isFolder } from './bubblewrap.ts';
import { cellFacts, fixedPath, isThere, variablesWithin, withReal } from './cellFacts.ts';
import { wayOut } from './cellNetwork.ts';
import { BROKER, type BrokeredKind, type BrokerSettings, brokerText, RELAY, relayText } from './commandBroker.ts';

/** By its whole path, which nobody but the system can write. */
export const SANDBOX_EXEC = '/usr/bin/sandbox-exec';
/** The editor's own program is Node only when it is told so. */
const AS_NODE = ['/usr/bin/env', 'ELECTRON_RUN_AS_NODE=1'];

export interface SeatbeltMeans {
  readonly hidden: readonly string[];
  readonly waysOut: string | null;
  /** The program that applies a profile. */
  readonly sandbox: string;
}

/**
 * The boundary of a cell by Seatbelt. The server is under one profile, each command under a narrower one: a broker beside the server starts them, as
 * no program can put another behind a second profile. Places that bubblewrap would show under another path are found by the environment.
 */
export function seatbeltEnclosure(request: EncloseRequest, { hidden, waysOut, sandbox }: SeatbeltMeans): Enclosure {
  if (waysOut === null) throw new Error('there is no folder here for the sockets of cells');
  const home = realpathSync(request.home);
  const place = { ...request, home, worktree: realpathSync(request.worktree) };
  const facts = cellFacts(place, {
    hidden,
    others: OF_OTHERS_ON_MAC,
    temporary: ['/private/tmp', '/private/var/tmp'],
    programs: [dirname(process.execPath)],
  });
  const user = join(home, 'user');
  const isFirst = !existsSync(user);
  for (const name of ['tmp', 'user', TEMPORARY]) mkdirSync(join(home, name), { recursive: true, mode: 0o700 });
  const seen = serverMounts(facts).filter(isThere);
  // Later what lies there is the agent's.
  if (isFirst) {
    const own = [...hidden, ...facts.git.map(({ path }) => path), place.worktree, home];
    const tools = seen.filter(({ path }) => !own.some((part) => path === part || path.startsWith(`${part}/`)));
    linkTools(tools, facts.homes[0] ?? homedir(), user);
  }
  const folder = join(home, 'boundary');
  const exit = wayOut(waysOut, request.cell);
  mkdirSync(waysOut, { recursive: true, mode: 0o700 });
  const socket = join(realpathSync(waysOut), `${exit.slice(exit.lastIndexOf('/') + 1)}.sock`);
  const ofServer = seen.flatMap(byRealPath);
  const ofCommands: Mount[] = [
    ...ofServer,
    ...withoutServer(facts).flatMap(byRealPath),
    { kind: 'readOnly', path: join(home, 'commands'), optional: true },
  ];
  const profile = (
    mounts: readonly Mount[],
    more: { network: EncloseRequest['network']; ownSockets: string[]; sockets: string[] },
  ): string => seatbeltProfile({ mounts, isFolder: (path) => isFolder(path) === true, ports: request.ports ?? [], ...more });
  const kind = (mounts: readonly Mount[], own: string): BrokeredKind => ({
    profile: profile(mounts, {
      network: request.network,
      ownSockets: [place.worktree, join(own, 'user'), join(own, TEMPORARY)],
      sockets: [],
    }),
    environment: {
      ...Object.fromEntries(variablesWithin(request.env)),
      ...toolCaches(join(own, 'user'), request.env),
      HOME: join(own, 'user'),
      TMPDIR: join(own, TEMPORARY),
      [CELL_MARKER]: request.cell,
    },
  });
  const settings: BrokerSettings = {
    sandbox,
    socket,
    proxy: request.network === 'allowlist' ? join(exit, 'proxy.sock') : null,
    proxyPlace: PROXY_PLACE,
    server: {
      profile: profile([...ofServer, { kind: 'readOnly', path: folder }], {
        network: 'open',
        ownSockets: [place.worktree, home],
        sockets: [socket],
      }),
      environment: { HOME: user },
    },
    plain: kind(ofCommands, home),
    gate: kind(
      ofCommands.map((mount) => inGate(mount, home)),
      join(home, GATE),
    ),
    begin: request.begin ?? [],
  };
  writePrograms(folder, settings);
  const start = { node: process.execPath, relay: join(folder, RELAY), socket, path: fixedPath(request.env['PATH'], ofServer), home };
  const server = [...AS_NODE, process.execPath, join(folder, BROKER), join(folder, 'settings.json')];
  return { server, descriptor: null, environment: {}, ...brokeredCommands(start), record: JSON.stringify({ version: 1, brokered: start }) };
}

/** Where nothing in the cell can write; whatever lies there is of a start before. */
function writePrograms(folder: string, settings: BrokerSettings): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  const files = { [BROKER]: brokerText, [RELAY]: relayText, 'settings.json': JSON.stringify(settings) };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { flag: 'wx', mode: 0o600 });
}

/** Under the name that it has and the one that Seatbelt asks about. */
function byRealPath(mount: Mount): Mount[] {
  const { kind, path, from } = mount;
  const real = withReal(path).at(-1) ?? path;
  const source = from === undefined || from === path ? {} : { from: withReal(from).at(-1) ?? from };
  const found: Mount = { ...mount, path: real, ...source };
  if (from === path) return byRealPath({ kind, path });
  return real === path || kind === 'writable' ? [found] : [{ ...mount, ...source }, found];
}

/** The same with the home and the temporary folder that no command of an agent has seen. */
const inGate = (mount: Mount, home: string): Mount =>
  mount.from?.startsWith(`${home}/user`) === true ? { ...mount, from: join(home, GATE, mount.from.slice(home.length)) } : mount;

/** Tools of the user's home that commands may read stand in the cell's home as links to them. */
function linkTools(mounts: readonly Mount[], from: string, to: string): void {
  const made: string[] = [];
  for (const { kind, path, from: source = path } of mounts) {
    if ((kind !== 'readOnly' && kind !== 'writable') || !path.startsWith(`${from}/`) || made.some((own) => path.startsWith(`${own}/`)))
      continue;
    const link = join(to, path.slice(from.length));
    if (existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true, mode: 0o700 });
    symlinkSync(source, link);
    made.push(path);
  }
}

const BrokeredStart = z.object({ node: z.string(), relay: z.string(), socket: z.string(), path: z.string(), home: z.string() });
const BrokeredRecord = z.object({ version: z.literal(1), brokered: BrokeredStart });

const brokeredCommands = ({ node, relay, socket, path, home }: z.infer<typeof BrokeredStart>): CommandEnclosure => ({
  command: (seen = [], inGate = false) => [
    ...[...AS_NODE, node, relay, socket, inGate ? 'gate' : 'plain'],
    ...seen.flatMap((file) => [file.path, file.from]),
    '--',
  ],
  // A broker passes on what the command prints, and its streams end with it.
  streams: '',
  path,
  gateIn: home,
});

/** See `Sandbox.recall`; null for a record of another boundary. */
export function recallBrokered(record: string): CommandEnclosure | null {
  try {
    const parsed = BrokeredRecord.safeParse(JSON.parse(record));
    return parsed.success ? brokeredCommands(parsed.data.brokered) : null;
  } catch {
    return null;
  }
}
