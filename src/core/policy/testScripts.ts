/** Files of the base that say what a test command does. */
export interface TestFiles {
  /** Null when there is none. */
  readonly packageJson: string | null;
  readonly makefile: string | null;
}

const RUNNERS = /\b(?:npm|pnpm|yarn|bun)\b(?:\s+-\S+)*(?:\s+(?:run|run-script))?(?:\s+-\S+)*\s+([\w:.-]+)|\bnode\s+--run[ =]([\w:.-]+)/g;
const NPM_SHORT: Readonly<Record<string, string>> = { t: 'test', tst: 'test' };
const MAKE = /\bg?make\b((?:\s+[^\s;&|]+)*)/g;
const MOST_COMMANDS = 50;

/**
 * The test command and those that it leads to by scripts of package.json and targets of a Makefile, of the base: what an agent has changed of them is
 * looked at elsewhere.
 */
export function testCommands(test: string, files: TestFiles): string[] {
  const scripts = scriptsOf(files.packageJson);
  const targets = targetsOf(files.makefile);
  const found = new Set([test]);
  // A set takes in what is added while it is gone through.
  for (const command of found) {
    for (const next of [...calledScripts(command, scripts), ...calledTargets(command, targets)]) {
      if (found.size < MOST_COMMANDS) found.add(next);
    }
  }
  return [...found];
}

function scriptsOf(text: string | null): ReadonlyMap<string, string> {
  if (text === null) return new Map();
  try {
    const { scripts } = JSON.parse(text) as { scripts?: unknown };
    if (typeof scripts !== 'object' || scripts === null) return new Map();
    return new Map(Object.entries(scripts).flatMap(([name, script]) => (typeof script === 'string' ? [[name, script]] : [])));
  } catch {
    return new Map();
  }
}

function calledScripts(command: string, scripts: ReadonlyMap<string, string>): string[] {
  return [...command.matchAll(RUNNERS)].flatMap(([, byRunner, byNode]) => {
    const said = byRunner ?? byNode ?? '';
    const name = NPM_SHORT[said] ?? said;
    return [`pre${name}`, name, `post${name}`].flatMap((script) => scripts.get(script) ?? []);
  });
}

interface Target {
  readonly needs: readonly string[];
  readonly recipe: string;
}

/** Plain rules only: no patterns, no variables in names. The first is the one that is made when none is named. */
function targetsOf(text: string | null): ReadonlyMap<string, Target> {
  const targets = new Map<string, Target>();
  let names: readonly string[] = [];
  for (const line of (text ?? '').replace(/\\\n/g, ' ').split('\n')) {
    const rule = /^([^\s#:=][^#:=]*):(?!=)([^#=;]*)(?:;(.*))?$/.exec(line);
    if (rule !== null) {
      names = (rule[1] ?? '').trim().split(/\s+/);
      for (const name of names) extend(targets, name, (rule[2] ?? '').trim().split(/\s+/), rule[3] ?? '');
    } else if (line.startsWith('\t')) for (const name of names) extend(targets, name, [], line.slice(1));
    else if (line.trim() !== '' && !line.startsWith('#')) names = [];
  }
  return targets;
}

function extend(targets: Map<string, Target>, name: string, needs: readonly string[], recipe: string): void {
  const before = targets.get(name) ?? { needs: [], recipe: '' };
  targets.set(name, { needs: [...before.needs, ...needs], recipe: `${before.recipe}${recipe}\n` });
}

function calledTargets(command: string, targets: ReadonlyMap<string, Target>): string[] {
  const [first] = [...targets.keys()].filter((name) => !name.startsWith('.'));
  const open = [...command.matchAll(MAKE)].flatMap(([, words = '']) => {
    const named = words.split(/\s+/).filter((word) => targets.has(word));
    return named.length > 0 ? named : first === undefined ? [] : [first];
  });
  const seen = new Set(open);
  for (const name of seen) for (const need of targets.get(name)?.needs ?? []) seen.add(need);
  return [...seen].flatMap((name) => targets.get(name)?.recipe ?? []);
}
