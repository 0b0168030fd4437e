import { access } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserFacingError } from '../../base/userFacingError.ts';
import { exitCodes } from '../../core/model/exitCodes.ts';
import type { ApproveMode, LandMode } from '../../core/model/runSpec.ts';
import type { CliHost } from '../cliHost.ts';
import { type CommandContext, type CommonOptions, folderOf, printJson } from '../commandContext.ts';
import { safeLine } from '../render/safeText.ts';
import type { Terminal } from '../terminal.ts';
import { missingAgentServer } from './missingAgentServer.ts';
import { writeWhole } from './writeWhole.ts';

export interface InitOptions extends CommonOptions {
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly test?: string;
}

const fileName = 'reactor.yaml';
/** Counts only where there is no `fileName`. */
const otherName = 'reactor.yml';

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** `reactor init`: a few questions with good answers filled in, then a commented reactor.yaml. Overwrites nothing unasked. */
export async function initCommand({ terminal, host }: CommandContext, options: InitOptions): Promise<number> {
  const loaded = await host();
  const folder = folderOf(terminal, options);
  const json = options.json ?? false;
  const asks = !options.yes && !json;
  const say = (line: string) => (json ? terminal.stderr : terminal.stdout).write(`${line}\n`);
  if (asks && !terminal.stdinIsTTY) {
    throw new UserFacingError('configuration', 'reactor init asks questions and there is no terminal to ask on. Nothing was written.', {
      actions: ['reactor init --yes'],
    });
  }
  const { facts } = await loaded.repository(folder);
  const isBare = facts.topLevel === null;
  if (isBare && basename(facts.commonDir) === '.git') {
    throw new UserFacingError('configuration', `${folder} is git's own folder; ${fileName} belongs beside it. Nothing was written.`, {
      actions: [`reactor init --repo ${dirname(facts.commonDir)}`],
    });
  }
  const file = join(folder, fileName);
  const exists = await isThere(file);
  const present = exists ? fileName : (await isThere(join(folder, otherName))) ? otherName : null;
  if (present !== null && !options.force && !(asks && (await confirm(terminal, `${present} is already here. ${replacing(present)}?`)))) {
    const actions = [
      exists ? 'reactor init --force replaces it' : `reactor init --force writes ${fileName}, and ${otherName} counts no more`,
    ];
    throw new UserFacingError('configuration', `${present} is already here and was left as it is.`, { actions });
  }
  const detected = options.test === undefined ? await loaded.detectTest(folder) : null;
  if (detected !== null) say(`Found the test command: ${safeLine(detected.command)} (${safeLine(detected.source)})`);
  const suggestion = options.test ?? detected?.command ?? '';
  const test = asks ? await text(terminal, 'Test command (decides whether a change is good)', suggestion) : suggestion;
  const setup = asks ? await text(terminal, 'Setup command for each new worktree, such as npm ci (Enter for none)', '') : '';
  const approve = asks ? await choice<ApproveMode>(terminal, 'Who decides on a green change', ['ask', 'auto', 'never'], 'ask') : 'ask';
  const land = asks ? await choice<LandMode>(terminal, 'Where does it go', ['ff', 'merge', 'branch'], 'ff') : 'ff';
  await writeWhole(file, loaded.newConfigText({ test: test || null, setup: setup || null, approve, land }), exists);
  // Before OpenCode is looked at, which may take long: whoever stops this knows what is there.
  if (!json) say(`Written: ${file}`);
  if (isBare) say('This repository is bare: its settings are read from there alone, and no branch has them.');
  const agentServer = await agentServerHere(loaded);
  if (json) {
    printJson(terminal, { file, test: test || null, ...agentServer });
    return exitCodes.done;
  }
  if (present === otherName) say(`${otherName} is still here and counts no more.`);
  if (test === '') say('No test command yet: set test: in it before the first run.');
  say(agentServerLine(agentServer, terminal));
  say('Next: reactor run --prompt "…"');
  return exitCodes.done;
}

interface AgentServerHere {
  readonly agentServer: Awaited<ReturnType<CliHost['locateAgentServer']>>;
  /** Why it is not known whether there is one. */
  readonly agentServerProblem?: string;
}

/** What can't be told of OpenCode is no failure of a command that has written what it was asked for. */
async function agentServerHere(host: CliHost): Promise<AgentServerHere> {
  try {
    return { agentServer: await host.locateAgentServer() };
  } catch (error) {
    if (!(error instanceof UserFacingError)) throw error;
    return { agentServer: null, agentServerProblem: error.message };
  }
}

function agentServerLine({ agentServer, agentServerProblem }: AgentServerHere, { environment }: Terminal): string {
  if (agentServer !== null) return `OpenCode ${agentServer.version} is ready.`;
  if (agentServerProblem !== undefined) return `${safeLine(agentServerProblem)}\n  → reactor doctor looks again`;
  const { why, todo } = missingAgentServer(environment);
  return `OpenCode is missing: ${safeLine(why)}; ${todo}`;
}

const replacing = (present: string): string =>
  present === fileName ? 'Replace it' : `It would count no more beside a ${fileName}. Write one all the same`;

/** The end of the input means that nobody answers: nothing is written. */
async function line(terminal: Terminal, question: string): Promise<string> {
  const typed = await terminal.ask(question);
  if (typed === null) throw new UserFacingError('interrupted', 'The questions were not answered. Nothing was written.');
  return typed.trim();
}

const text = async (terminal: Terminal, question: string, suggestion: string): Promise<string> =>
  (await line(terminal, `${question}${suggestion === '' ? '' : ` [${safeLine(suggestion)}]`}: `)) || suggestion;

const confirm = async (terminal: Terminal, question: string): Promise<boolean> =>
  /^y(es)?$/i.test(await line(terminal, `${question} [y/N] `));

async function choice<T extends string>(terminal: Terminal, question: string, options: readonly T[], suggestion: T): Promise<T> {
  for (;;) {
    const typed = (await line(terminal, `${question} (${options.join(', ')}) [${suggestion}]: `)) || suggestion;
    const chosen = options.find((option) => option === typed.toLowerCase());
    if (chosen !== undefined) return chosen;
    terminal.stderr.write(`Please answer ${options.join(', ')}.\n`);
  }
}
