import { Command, InvalidArgumentError, Option } from 'commander';
import { costDimensions } from '../core/projections/costs/costDimensions.ts';
import type { CommandContext } from './commandContext.ts';

/** Called with a command's exit code. */
type Done = (exitCode: number) => void;

const append = (value: string, before: readonly string[] | undefined): string[] => [...(before ?? []), value];

function nameText(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('Name a run or a task.');
  return value;
}

function messageText(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('A commit needs a message.');
  return value;
}

/** Every command of the command line with its options and help. Each command's code is loaded when it is called. */
export function buildProgram(context: CommandContext, done: Done): Command {
  const program = new Command('reactor');
  program
    .description('Coding agents side by side on one git repository: nothing lands that has not passed its tests and been approved.')
    .version(context.terminal.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .showSuggestionAfterError(true)
    .showHelpAfterError('(reactor --help lists the commands)')
    .enablePositionalOptions();
  program.addHelpText(
    'after',
    `
Examples:
  $ reactor init                               write reactor.yaml
  $ reactor run --prompt "Add a slugify tool"  one task: tested, reviewed
  $ reactor run --file tasks.yaml              several tasks side by side
  $ reactor status                             what runs, what waits for you
  $ reactor approve TASK-001                   take a green change

Exit codes: 0 done, 1 configuration error, 2 failed or rejected, 3 timeout,
4 security violation, 5 waits for a person, 6 over budget, 7 conflict,
130 interrupted.`,
  );

  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .showHelpAfterError(`(reactor ${name.split(' ')[0]} --help shows its options)`)
      .option('--repo <dir>', 'a folder of the repository (default: the present one)')
      .option('--json', 'print JSON on standard output; everything for people goes to standard error')
      .option('--verbose', 'show the details of errors');
  const onRun = (name: string, description: string): Command =>
    command(name, description).argument('<run>', "a run, or a task for the task's last run", nameText);

  command('run', 'run a task: an agent works in its own worktree, its change is tested, approved and landed')
    .option('--task <id>', 'name of the task (default: the next TASK-nnn); with no prompt, the one in reactor.yaml', append)
    .option('--desc <text>', 'a short title (default: the first line of the prompt)', append)
    .option('--category <word>', 'kind of work, for sums and estimates (default: from the title)')
    .option('--prompt <text>', 'what the agent is asked to do; @FILE reads a file, - standard input; repeat for more tasks', append)
    .option('--file <tasks.yaml>', 'run all tasks of a file side by side')
    .option('--parallel <n>', 'how many of these tasks are at work at once (default: cells.limit of reactor.yaml)')
    .option('--after <id>', 'a task that must have landed before; repeat for more', append)
    .option('--priority <n>', 'higher starts first among tasks that wait for a place (default: 0)')
    .option('--ports <n>', 'leased ports for the app under test, in REACTOR_PORT, REACTOR_PORT_1, …')
    .option('--base <ref>', 'commit to start from (default: HEAD)')
    .option('--target <branch>', 'branch to land on (default: the one checked out)')
    .option('--test <command>', 'command that decides whether a change is good (default: detected)')
    .option('--setup <command>', 'command that prepares the new worktree, such as "npm ci"')
    .option('--include <glob>', 'files git ignores to bring into the worktree, such as ".env*"; repeat for more', append)
    .option('--agent <name>', 'the OpenCode agent that works')
    .option('--model <provider/model>', 'the model (default: the one OpenCode is configured for)')
    .addOption(
      new Option('--approve <mode>', 'who decides on a green change: ask you, auto, or never (it waits)').choices(['auto', 'ask', 'never']),
    )
    .addOption(
      new Option('--land <mode>', 'where it goes: its own branch, fast-forward, or merge commit').choices(['branch', 'ff', 'merge']),
    )
    .addOption(new Option('--tcr <mode>', 'test the work as a whole, or each step of the agent').choices(['attempt', 'step']))
    .addOption(new Option('--steps <mode>', 'with --tcr step: land the steps as one commit, or as they are').choices(['squash', 'keep']))
    .addOption(new Option('--sandbox <mode>', "the system's boundary around the cell").choices(['required', 'preferred', 'off']))
    .addOption(new Option('--network <mode>', 'what commands in the cell reach; needs the sandbox').choices(['open', 'allowlist', 'none']))
    .option('--attempts <n>', 'how often the agent may try (default: 3)')
    .option('--timeout <duration>', 'limit of the whole run, such as 30m or 1h30m (default: 30m)')
    .option('--budget <usd>', 'most one run may cost, in US dollars')
    .option('--no-base-test', 'do not test the base before the first prompt')
    .option('--detach', 'start it in the background and return at once')
    .addHelpText(
      'after',
      `
Examples:
  $ reactor run --prompt "Add a slugify function with tests"
  $ reactor run --task ONE --prompt @one.md --task TWO --prompt @two.md
  $ reactor run --file tasks.yaml --parallel 4
  $ reactor run --prompt @plan.md --test "npm test" --attempts 5 --timeout 1h
  $ git log -1 --format=%b | reactor run --prompt - --approve auto --json`,
    )
    .action(async (options) => done(await (await import('./commands/run.ts')).runCommand(context, options)));

  command('init', 'write a commented reactor.yaml after a few questions')
    .option('-y, --yes', 'ask nothing: take what is detected and the defaults')
    .option('--force', 'replace a reactor.yaml that is already here')
    .option('--test <command>', 'the test command (default: detected)')
    .action(async (options) => done(await (await import('./commands/init.ts')).initCommand(context, options)));

  command('status', 'what runs, and what waits for you').action(async (options) =>
    done(await (await import('./commands/lists.ts')).statusCommand(context, options)),
  );
  command('tasks', 'each task with its last run').action(async (options) =>
    done(await (await import('./commands/lists.ts')).tasksCommand(context, options)),
  );
  command('cells', 'worktrees and agent servers that are there now').action(async (options) =>
    done(await (await import('./commands/lists.ts')).cellsCommand(context, options)),
  );
  onRun('show', 'everything about a run: attempts, test output, what is kept')
    .option('--diff', 'show the last change in full')
    .action(async (name, options) => done(await (await import('./commands/show.ts')).showCommand(context, name, options)));
  onRun('logs', "the agent's messages, tool calls and test output in order")
    .option('-f, --follow', 'go on until the run ends or is parked')
    .action(async (name, options) => done(await (await import('./commands/logs.ts')).logsCommand(context, name, options)));
  command('watch', 'every run of the repository, live').action(async (options) =>
    done(await (await import('./commands/watch.ts')).watchCommand(context, options)),
  );

  onRun('approve', 'take what waits: a green change, a permission once, an answer')
    .option('--tree <tree>', 'the tree that was looked at; refused when the candidate is another one (default: the present one, printed)')
    .option('--edited', 'first take the edits you made in the worktree: they are tested, and then wait for your review')
    .option('--always', 'a host that commands want to reach: for all runs of this repository; reactor hosts takes it back')
    .option('--answer <text>', 'the answer to a question of the agent; repeat for several questions', append)
    .option('--comment <text>', 'a word for the journal')
    .option('--id <id>', 'which one, when several things of the run wait')
    .option('--detach', 'return at once in place of following the run')
    .addHelpText('after', '\nExamples:\n  $ reactor show TASK-001 --diff\n  $ reactor approve TASK-001 --tree 9f3c2ab')
    .action(async (name, options) => done(await (await import('./commands/answers.ts')).approveCommand(context, name, options)));
  onRun('reject', 'do not take what waits; with a comment the agent goes on from there')
    .option('--comment <text>', 'what should change: sent to the agent as its next prompt')
    .option(
      '--file <path[:hunks]>',
      'reject only this file, or these hunks of it (counted from 1); the rest is tested again; repeat for more',
      append,
    )
    .option('--id <id>', 'which one, when several things of the run wait')
    .option('--detach', 'return at once in place of following the run')
    .addHelpText(
      'after',
      '\nExamples:\n  $ reactor reject TASK-001 --comment "Handle the empty string too"\n  $ reactor reject TASK-001 --file src/cart.ts:2 --file docs/notes.md',
    )
    .action(async (name, options) => done(await (await import('./commands/answers.ts')).rejectCommand(context, name, options)));
  command('hosts', 'hosts that commands of all runs may reach (network: allowlist)')
    .option('--remove <host:port>', 'take one back; it holds from the next connection on', append)
    .action(async (options) => done(await (await import('./commands/hosts.ts')).hostsCommand(context, options)));
  command('resume', 'let a parked run go on')
    .argument('[run]', "a run, or a task for the task's last run", nameText)
    .option('--all', 'every run that a budget has parked')
    .option('--budget <usd>', 'its new limit in US dollars')
    .option('--message <text>', 'what its commit shall say, where a hook refused it', messageText)
    .option('--detach', 'return at once in place of following the run')
    .action(async (name, options) => done(await (await import('./commands/resumeAll.ts')).resumeSome(context, name, options)));
  onRun('kill', 'cancel a run; what the agent did is kept').action(async (name, options) =>
    done(await (await import('./commands/kill.ts')).killCommand(context, name, options)),
  );
  onRun('restore', 'bring a reverted attempt back as a branch')
    .option('--attempt <n>', 'which attempt (default: the last)')
    .option('--whole', 'as the agent left it, before parts of it were rejected or edited')
    .action(async (name, options) => done(await (await import('./commands/keeping.ts')).restoreCommand(context, name, options)));

  command('clean', 'remove what belongs to no run; only what is kept elsewhere or past its limit')
    .argument('[name...]', 'only what has this name in the list; it goes even when it is kept nowhere else')
    .option('--dry-run', 'list it and remove nothing')
    .option('-y, --yes', 'ask nothing; where nobody can be asked, what is past its limit goes only with this')
    .addOption(
      new Option('--kind <kind...>', 'only these kinds').choices([
        'process',
        'worktree',
        'branch',
        'folder',
        'port',
        'keptRef',
        'log',
        'cache',
      ]),
    )
    .action(async (names, options) => done(await (await import('./commands/keeping.ts')).cleanCommand(context, names, options)));
  command('estimate', 'what tasks will likely use and cost, from similar past runs; starts nothing')
    .option('--task <id>', 'a task of reactor.yaml', append)
    .option('--desc <text>', 'a short title (default: the first line of the prompt)', append)
    .option('--category <word>', 'kind of work (default: from the title)')
    .option('--prompt <text>', 'what the agent would be asked to do; @FILE reads a file, - standard input', append)
    .option('--file <tasks.yaml>', 'all tasks of a file')
    .option('--test <command>', 'the test command (default: detected)')
    .option('--model <provider/model>', 'the model (default: the one OpenCode is configured for)')
    .addHelpText(
      'after',
      '\nExamples:\n  $ reactor estimate --prompt "Fix the rounding in src/cart.ts"\n  $ reactor estimate --file tasks.yaml --json',
    )
    .action(async (options) => done(await (await import('./commands/estimate.ts')).estimateCommand(context, options)));
  command('cost', 'what was spent, by task, model, time, category or operation; of one task: its tree with the arithmetic')
    .argument('[task]', 'a task or a run: tokens × unit price = amount, attempt by attempt')
    .addOption(new Option('--by <what>', 'what costs are told apart by (default: task)').choices(costDimensions))
    .option('--since <when>', 'from then on: a day, a month, today, yesterday, week, month, or a time ago such as 7d')
    .option('--until <when>', 'up to and with then')
    .addOption(new Option('--format <format>', 'form of the report (default: table)').choices(['table', 'csv', 'json', 'html']))
    .option('--output <file>', 'write to a new file')
    .addHelpText(
      'after',
      `
Examples:
  $ reactor cost --by model --since month
  $ reactor cost --format html --output costs.html    a report for anybody
  $ reactor cost TASK-001`,
    )
    .action(async (name, options) => done(await (await import('./commands/cost.ts')).costCommand(context, name, options)));
  command('export', 'write the journal or the ledger of charges as NDJSON or CSV, or check the chain')
    .addOption(new Option('--format <format>', 'form of the output (default: ndjson)').choices(['ndjson', 'csv']))
    .option('--run <run>', 'only the entries of one run')
    .option('--ledger', 'the charges, one a line, for accounting')
    .option('--since <when>', 'with --ledger: from this day on, such as 2026-05-01, month or 7d')
    .option('--until <when>', 'with --ledger: up to and with this day')
    .option('--output <file>', 'write to a new file')
    .option('--verify', 'check the hash chain and name the first broken entry')
    .action(async (options) => done(await (await import('./commands/export.ts')).exportCommand(context, options)));
  command('doctor', 'check Node, git, OpenCode, ports, disk, memory, journal and leftovers').action(async (options) =>
    done(await (await import('./commands/doctor.ts')).doctorCommand(context, options)),
  );

  program
    .command('completion')
    .description('print the completion script of a shell')
    .addHelpText('after', '\nExample:\n  $ reactor completion bash >> ~/.bashrc')
    .addArgument(program.createArgument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .action(async (shell) => done((await import('./commands/completion.ts')).completionCommand(context, shell)));
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .action(async (words) => done(await (await import('./commands/completion.ts')).completeCommand(context, program, words)));
  program
    .command('engine', { hidden: true })
    .description('the engine itself, in the foreground')
    .option('--repo <dir>', 'a folder of the repository')
    .option('--verbose', 'show the details of errors')
    .option('--stop', 'tell the running engine to end after its present runs')
    .option('--now', 'with --stop: end at once; open runs go on with the next engine')
    .action(async (options) => done(await (await import('./commands/engine.ts')).engineCommand(context, options)));
  program
    .command('demo')
    .description('show the main job on a small sample repository with a scripted model')
    .action(async () => done(await (await context.host()).runDemo()));
  return program;
}
