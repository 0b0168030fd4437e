import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
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
const WHAT_TO_DO =
  'set sandbox: off and run only agents that you trust, or run Reactor in a Linux container or virtual machine, with nothing else of yours in it';
const run = promisify(execFile);
const AS_NODE = { PATH: '/usr/bin:/bin', ELECTRON_RUN_AS_NODE: '1' };

/** Perl is a part of the system, and calls what `ps` would call: `ps` itself is no program for a sandbox, as it gets rights of its own. */
const PERL_ENVIRONMENT =
  'my $b="\\0" x 1048576; my $n=pack("Q",length $b); my $m=pack("i3",1,49,$ARGV[0]); syscall(202,$m,3,$b,$n,0,0)==0 or exit 1; print $b';

export interface SeatbeltProbeOptions {
  /** How long each program that is tried may take. */
  readonly limitMs?: number;
  /** Of the agent server: it has to start under such a profile, too. Null where there is none yet. */
  readonly program?: () => Promise<string | null>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Prints what can be seen of the environment of the process whose number follows. */
  readonly environmentOf?: readonly string[];
}

const none = (why: string): SandboxProbe => ({ boundary: null, version: null, ownProc: false, why, todo: WHAT_TO_DO });

/**
 * Makes a scratch cell under the profile that cells get, has a program try in it what cells promise that it can't do, and says what came of it. Any
 * other outcome than the promised one is no boundary.
 * @param sandbox the program that applies a profile.
 */
export async function probeSeatbelt(sandbox: string, options: SeatbeltProbeOptions = {}): Promise<SandboxProbe> {
  if (!existsSync(sandbox)) return none(`${sandbox} is not on this machine`);
  const closing: (() => void)[] = [];
  try {
    const why = await whyNot(sandbox, closing, options);
    if (why !== null) return none(why);
    return { boundary: 'seatbelt', version: `of ${process.platform} ${release()}`, ownProc: false, why: '', todo: '' };
  } catch (error) {
    return none(`the sandbox of macOS could not be tried: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    for (const close of closing.toReversed()) close();
  }
}

/** Null when it holds, and what cells need works in it. */
async function whyNot(sandbox: string, closing: (() => void)[], options: SeatbeltProbeOptions): Promise<string | null> {
  const { limitMs = LIMIT_MS, environmentOf = ['/usr/bin/perl', '-e', PERL_ENVIRONMENT], env = {} } = options;
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'reactor-seatbelt-')));
  closing.push(() => rmSync(scratch, { recursive: true, force: true }));
  const victim = await startVictim(closing);
  const [look = '', ...looking] = environmentOf;
  const seen = await run(look, [...looking, String(victim.pid)], { maxBuffer: 16e6 }).catch(() => ({ stdout: '' }));
  if (!seen.stdout.includes(victim.mark))
    return `whether commands can read the environment of other programs could not be tried (${look} does not show it)`;
  const tries: EscapeTries = { ...(await layOut(scratch, closing)), victim: victim.pid, mark: victim.mark, environmentOf };
  const start = (network: Network, command: readonly string[], variables: NodeJS.ProcessEnv): Promise<{ stdout: string }> =>
    run(sandbox, ['-p', profileOf(scratch, tries, network), ...command], { timeout: limitMs, env: variables, cwd: '/' });
  for (const network of ['none', 'open'] as const) {
    let printed: string;
    try {
      const command = [process.execPath, '-e', escapeTriesText, 'tries', JSON.stringify(tries)];
      printed = (await start(network, command, AS_NODE)).stdout;
    } catch (error) {
      return failure(error, limitMs);
    }
    const could = answerOf(printed);
    if (could === null) return 'what was tried in the sandbox of macOS gave no answer';
    const wrong = [
      ...MUST_WORK.flatMap((name) => (could[name] === true ? [] : [`a command in it can't ${name}`])),
      ...mustFail(network).flatMap((name) => (could[name] === false ? [] : [`a command in it can ${name}`])),
      ...((await victim.answers()) ? [] : ['a command in it can end other programs']),
    ];
    if (wrong.length > 0) return `the sandbox of macOS does not hold what cells need here: ${wrong.join(', ')}`;
  }
  const program = (await options.program?.()) ?? null;
  if (program === null) return null;
  const own = { PATH: env['PATH'], HOME: tries.inside, TMPDIR: tries.inside };
  return start('open', [program, '--version'], own).then(
    () => null,
    (error: unknown) =>
      `${program} does not start in the sandbox of macOS: ${isLate(error) ? `it took longer than ${limitMs / 1000} s` : reasonOf(error)}`,
  );
}

/** A program outside, like those with keys: the system may keep others from being looked at. */
async function startVictim(closing: (() => void)[]): Promise<{
  readonly pid: number;
  readonly mark: string;
  /** Whether it lives. */
  readonly answers: () => Promise<boolean>;
}> {
  const mark = `mark-${randomBytes(8).toString('hex')}`;
  const victim = spawn(process.execPath, ['-e', 'process.stdin.pipe(process.stdout); console.log(1)'], {
    env: { ...AS_NODE, REACTOR_PROBE: mark },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  closing.push(() => victim.kill('SIGKILL'));
  victim.stdin.on('error', () => {});
  const ended = once(victim, 'exit').then(() => false);
  const answer = (): Promise<boolean> => Promise.race([once(victim.stdout, 'data').then(() => true), ended]);
  await answer();
  const answers = (): Promise<boolean> => {
    const heard = answer();
    victim.stdin.write('x');
    return heard;
  };
  return { pid: victim.pid ?? 0, mark, answers };
}

/** Files, ports and sockets, of the cell and of others. */
async function layOut(scratch: string, closing: (() => void)[]): Promise<Omit<EscapeTries, 'victim' | 'mark' | 'environmentOf'>> {
  const at = (...names: string[]): string => join(scratch, ...names);
  for (const name of ['inside/between/own', 'hidden']) mkdirSync(at(name), { recursive: true });
  for (const name of ['readable', 'hidden/file']) writeFileSync(at(name), 'x');
  const listen = async (where: { port: number; host: string } | string): Promise<number> => {
    const server = createServer((socket) => socket.destroy());
    closing.push(() => server.close());
    server.listen(where);
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };
  const ownPort = await listen({ host: '127.0.0.1', port: 0 });
  const otherPort = await listen({ host: '127.0.0.1', port: 0 });
  const socket = at('hidden', 's');
  await listen(socket);
  const hidden = at('hidden', 'file');
  const second = `${SECOND_NAMES}${hidden}`;
  const hiddenAgain = existsSync(second) ? second : `${at('inside')}/../hidden/file`;
  return { inside: at('inside'), readable: at('readable'), hidden, hiddenAgain, ownPort, otherPort, socket };
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
  if (isLate(error)) return `the sandbox of macOS took longer than ${limitMs / 1000} s to be tried`;
  const reason = reasonOf(error);
  return reason.includes('sandbox_apply: Operation not permitted')
    ? 'this process is in a sandbox of macOS itself, so it can make no other'
    : `the sandbox of macOS can't be started: ${reason}`;
}

const isLate = (error: unknown): boolean => error instanceof Error && 'killed' in error && error.killed === true;

/** The last line that it said, else how it ended. */
function reasonOf(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  if (said !== '') return said.split('\n').at(-1) ?? said;
  if (error instanceof Error && 'code' in error && typeof error.code === 'number') return `exit code ${error.code}`;
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}
