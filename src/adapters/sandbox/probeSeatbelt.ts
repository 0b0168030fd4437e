import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { seatbeltProfile } from '../../core/policy/seatbeltProfile.ts';
import type { SandboxProbe } from '../../core/ports/sandbox.ts';
import { isFolder } from './bubblewrap.ts';
import { type EscapeTries, escapeTriesText, MUST_FAIL, MUST_FAIL_CLOSED, MUST_WORK } from './escapeTries.ts';

const LIMIT_MS = 20_000;
/** Below it the files of the machine have a second name. */
const SECOND_NAMES = '/System/Volumes/Data';
const TODO =
  'set sandbox: off and run only agents that you trust, or run Reactor in a Linux container or virtual machine, with nothing else of yours in it';
const run = promisify(execFile);

/** Perl is a part of the system, and calls what `ps` would call: `ps` itself is no program for a sandbox, as it gets rights of its own. */
const PERL_ENVIRONMENT =
  'my $b="\\0" x 1048576; my $n=pack("Q",length $b); my $m=pack("i3",1,49,$ARGV[0]); syscall(202,$m,3,$b,$n,0,0)==0 or exit 1; print $b';

export interface SeatbeltProbeOptions {
  /** Prints what can be seen of the environment of the process whose number follows. */
  readonly environmentOf?: readonly string[];
}

const none = (why: string): SandboxProbe => ({ boundary: null, version: null, ownProc: false, why, todo: TODO });

/**
 * Makes a scratch cell under the profile that cells get, has a program try in it what cells promise that it can't do, and says what came of it. Any
 * other outcome than the promised one is no boundary.
 * @param sandbox the program that applies a profile.
 */
export async function probeSeatbelt(sandbox: string, limitMs = LIMIT_MS, options: SeatbeltProbeOptions = {}): Promise<SandboxProbe> {
  if (!existsSync(sandbox)) return none(`${sandbox} is not on this machine`);
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'reactor-seatbelt-')));
  const closing: (() => void)[] = [() => rmSync(scratch, { recursive: true, force: true })];
  try {
    return await tryOut(sandbox, scratch, closing, limitMs, options.environmentOf ?? ['/usr/bin/perl', '-e', PERL_ENVIRONMENT]);
  } catch (error) {
    return none(`the sandbox of macOS could not be tried: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    for (const close of closing.toReversed()) close();
  }
}

async function tryOut(
  sandbox: string,
  scratch: string,
  closing: (() => void)[],
  limitMs: number,
  environmentOf: readonly string[],
): Promise<SandboxProbe> {
  const at = (...names: string[]): string => join(scratch, ...names);
  for (const name of ['inside/between/own', 'hidden']) mkdirSync(at(name), { recursive: true });
  for (const name of ['readable', 'hidden/file']) writeFileSync(at(name), 'x');
  const listen = async (where: { port: number; host: string } | string): Promise<Server> => {
    const server = createServer((socket) => socket.destroy());
    closing.push(() => server.close());
    server.listen(where);
    await once(server, 'listening');
    return server;
  };
  const portOf = (server: Server): number => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };
  const [own, other] = [await listen({ host: '127.0.0.1', port: 0 }), await listen({ host: '127.0.0.1', port: 0 })];
  await listen(at('hidden', 's'));
  const mark = `mark-${randomBytes(8).toString('hex')}`;
  const asNode = { PATH: '/usr/bin:/bin', ELECTRON_RUN_AS_NODE: '1' };
  // A program like those with keys: the system may keep others from being looked at.
  const victim = spawn(process.execPath, ['-e', 'process.stdin.pipe(process.stdout); console.log(1)'], {
    env: { ...asNode, REACTOR_PROBE: mark },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  closing.push(() => victim.kill('SIGKILL'));
  victim.stdin.on('error', () => {});
  const ended = once(victim, 'exit').then(() => false);
  const answers = (): Promise<boolean> => {
    const answer = once(victim.stdout, 'data').then(() => true);
    victim.stdin.write('x');
    return Promise.race([answer, ended]);
  };
  await Promise.race([once(victim.stdout, 'data'), ended]);
  const { pid = 0 } = victim;
  const [look = '', ...looking] = environmentOf;
  const seen = await run(look, [...looking, String(pid)], { maxBuffer: 16e6 }).catch(() => ({ stdout: '' }));
  if (!seen.stdout.includes(mark))
    return none(`whether commands can read the environment of other programs could not be tried (${look} does not show it)`);
  const second = `${SECOND_NAMES}${at('hidden', 'file')}`;
  const tries: EscapeTries = {
    inside: at('inside'),
    readable: at('readable'),
    hidden: at('hidden', 'file'),
    hiddenAgain: existsSync(second) ? second : at('inside', '..', 'hidden', 'file'),
    ownPort: portOf(own),
    otherPort: portOf(other),
    socket: at('hidden', 's'),
    victim: pid,
    mark,
    environmentOf,
  };
  const command = [process.execPath, '-e', escapeTriesText, 'tries', JSON.stringify(tries)];
  for (const network of ['none', 'open'] as const) {
    let printed: string;
    try {
      const profile = profileOf(scratch, tries, network);
      printed = (await run(sandbox, ['-p', profile, ...command], { timeout: limitMs, env: asNode, cwd: '/' })).stdout;
    } catch (error) {
      return none(failure(error, limitMs));
    }
    const could = answerOf(printed);
    if (could === null) return none('what was tried in the sandbox of macOS gave no answer');
    const wrong = [
      ...MUST_WORK.flatMap((name) => (could[name] === true ? [] : [`a command in it can't ${name}`])),
      ...mustFail(network).flatMap((name) => (could[name] === false ? [] : [`a command in it can ${name}`])),
      ...((await answers()) ? [] : ['a command in it can end other programs']),
    ];
    if (wrong.length > 0) return none(`the sandbox of macOS does not hold what cells need here: ${wrong.join(', ')}`);
  }
  return { boundary: 'seatbelt', version: `of ${process.platform} ${release()}`, ownProc: false, why: '', todo: '' };
}

type Network = 'none' | 'open';

const mustFail = (network: Network): readonly string[] => (network === 'none' ? [...MUST_FAIL, ...MUST_FAIL_CLOSED] : MUST_FAIL);

/** That of commands in a cell. */
const profileOf = (scratch: string, tries: EscapeTries, network: Network): string =>
  seatbeltProfile({
    mounts: [
      { kind: 'readOnly', path: '/' },
      { kind: 'devices', path: '/dev' },
      { kind: 'empty', path: SECOND_NAMES },
      { kind: 'empty', path: dirname(tries.hidden) },
      { kind: 'readOnly', path: tries.readable },
      { kind: 'readOnly', path: dirname(process.execPath) },
      { kind: 'writable', path: tries.inside },
      { kind: 'readOnly', path: join(tries.inside, 'between', 'own') },
    ],
    isFolder: (path) => isFolder(path) === true,
    network,
    ports: [tries.ownPort],
    ownSockets: [join(scratch, 'inside')],
    sockets: [],
  });

function answerOf(printed: string): Readonly<Record<string, unknown>> | null {
  try {
    const answer: unknown = JSON.parse(printed);
    return typeof answer === 'object' && answer !== null ? { ...answer } : null;
  } catch {
    return null;
  }
}

function failure(error: unknown, limitMs: number): string {
  if (error instanceof Error && 'killed' in error && error.killed === true)
    return `the sandbox of macOS took longer than ${limitMs / 1000} s to be tried`;
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  const reason =
    said === '' ? (error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)) : (said.split('\n').at(-1) ?? said);
  return /sandbox_apply: Operation not permitted/.test(said)
    ? 'this process is in a sandbox of macOS itself, so it can make no other'
    : `the sandbox of macOS can't be started: ${reason}`;
}
