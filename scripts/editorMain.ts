import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { systemClock } from '../src/adapters/clock/systemClock.ts';
import { scriptedConfig } from '../src/adapters/scriptedModel/scriptedConfig.ts';
import { startScriptedModel } from '../src/adapters/scriptedModel/scriptedModel.ts';
import { makeSampleRepository } from '../src/demo/sampleRepository.ts';
import { sampleScript, sampleTasks } from '../src/demo/sampleTasks.ts';
import { agentServer } from '../test/support/editor/agentServer.ts';
import { CodeServer, installExtension } from '../test/support/editor/codeServer.ts';
import { makeEditorHome } from '../test/support/editor/editorHome.ts';
import { desktopEditor } from './desktopEditor.ts';
import { ensureEditor } from './installEditor.ts';
import { onPath } from './onPath.ts';
import { packageExtension } from './packageExtension.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** What is opened, the environment the editor gets, and what has to end with it, last thing first. */
interface Stage {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether the user's own configuration is to be seen. */
  readonly isSample: boolean;
}

type CleanUp = () => Promise<void> | void;

async function openSample(scratch: string, cleanUps: CleanUp[]): Promise<Stage> {
  const folder = await makeSampleRepository();
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const tasks = sampleTasks.map(({ title, prompt, attempts }) => ({ title, prompt, attempts }));
  writeFileSync(join(folder, 'reactor.yaml'), stringify({ test: 'npm test', tasks }));
  await execa('git', ['add', 'reactor.yaml'], { cwd: folder });
  await execa('git', ['commit', '--quiet', '--message', 'Say how it is tested and what is to be done'], { cwd: folder });
  const model = await startScriptedModel({ clock: systemClock, script: sampleScript });
  cleanUps.push(() => model.stop());
  const env = {
    ...process.env,
    ...agentServer(),
    REACTOR_HOME: join(scratch, 'data'),
    OPENCODE_CONFIG_CONTENT: JSON.stringify(scriptedConfig(model.port)),
  };
  return { folder, env, isSample: true };
}

function openFolder(folder: string): Stage {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new Error(`${folder} is not a folder`);
  // The user's own comes first: the one among the dependencies is only there so that something is.
  const isThere = Boolean(process.env['REACTOR_OPENCODE']) || onPath('opencode', process.env) !== null;
  return { folder: realpathSync(folder), env: { ...process.env, ...(isThere ? {} : agentServer()) }, isSample: false };
}

const engineCommand = (stage: Stage, ...args: string[]) =>
  execa(process.execPath, [join(root, 'dist', 'cli.mjs'), ...args, '--repo', stage.folder], { env: stage.env, reject: false });

/** Whether a folder is to be trusted is for its user to say; the sample is ours. */
const trustOf = ({ isSample }: Stage): string[] => (isSample ? ['--disable-workspace-trust'] : []);

/** Resolves when the editor was closed or the interrupt key pressed. */
async function showDesktop(stage: Stage, command: string, scratch: string, interrupted: Promise<unknown>): Promise<void> {
  const args = [
    ...trustOf(stage),
    '--new-window',
    '--wait',
    `--extensionDevelopmentPath=${root}`,
    `--user-data-dir=${join(scratch, 'desktop')}`,
    stage.folder,
  ];
  const child = spawn(command, args, { env: stage.env, stdio: 'inherit' });
  say(`VS Code opens on ${stage.folder}. Close it, or press Ctrl-C, to end everything.`);
  await Promise.race([once(child, 'exit'), interrupted]);
  child.kill();
}

async function showInBrowser(stage: Stage, scratch: string, interrupted: Promise<unknown>, cleanUps: CleanUp[]): Promise<void> {
  await ensureEditor();
  const vsix = join(scratch, 'reactor.vsix');
  await packageExtension(vsix);
  const home = makeEditorHome(join(scratch, 'editor'), stage.env, { isPrivate: stage.isSample });
  await installExtension(home, vsix);
  const server = await CodeServer.start(home, trustOf(stage));
  cleanUps.push(() => server.stop());
  say(`Open ${server.url(stage.folder)}`);
  say('in a browser on this machine; the Reactor icon is at the left. Ctrl-C ends everything.');
  await interrupted;
}

async function main(): Promise<void> {
  const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt());
  const scratch = mkdtempSync(join(realpathSync(tmpdir()), 'reactor-editor-'));
  const cleanUps: CleanUp[] = [() => rmSync(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })];
  try {
    mkdirSync(join(scratch, 'data'));
    const named = process.argv[2];
    const stage = named === undefined ? await openSample(scratch, cleanUps) : openFolder(resolve(named));
    if (stage.isSample) {
      say('The sample repository, with a scripted model: no key is needed and nothing is paid. It goes when the editor ends.');
      // The repository is nobody else's, so its engine ends with the editor. In the user's own, running tasks go on, as they do after a window is closed.
      cleanUps.push(async () => {
        await engineCommand(stage, 'engine', '--stop', '--now');
      });
    }
    const desktop = desktopEditor(stage.env);
    if (desktop === null) await showInBrowser(stage, scratch, interrupted, cleanUps);
    else await showDesktop(stage, desktop.command, scratch, interrupted);
    if (!stage.isSample) say('Tasks that still run go on: reactor status shows them, reactor kill ends one.');
  } finally {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
