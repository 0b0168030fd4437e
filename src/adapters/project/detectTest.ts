import { join } from 'node:path';
import type { DetectedTest } from '../../core/ports/project.ts';
import { isExecutable, isFile, peek } from './boundedFile.ts';
import { detectJavaScript } from './detectJavaScript.ts';
import { detectPytest, detectUnittest } from './detectPython.ts';

type Detector = (folder: string) => Promise<DetectedTest | null>;

const byFile =
  (name: string, command: string): Detector =>
  async (folder) =>
    (await isFile(join(folder, name))) ? { command, source: name } : null;

const detectMaven: Detector = async (folder) => {
  if (!(await isFile(join(folder, 'pom.xml')))) return null;
  const wrapped = await isExecutable(join(folder, 'mvnw'));
  return { command: wrapped ? './mvnw -q test' : 'mvn -q test', source: wrapped ? 'pom.xml (mvnw)' : 'pom.xml' };
};

const detectGradle: Detector = async (folder) => {
  for (const name of ['build.gradle', 'build.gradle.kts', 'settings.gradle', 'settings.gradle.kts']) {
    if (!(await isFile(join(folder, name)))) continue;
    const wrapped = await isExecutable(join(folder, 'gradlew'));
    return { command: wrapped ? './gradlew test' : 'gradle test', source: wrapped ? `${name} (gradlew)` : name };
  }
  return null;
};

/** Names of the targets with a rule of their own; no variables, no special targets such as .PHONY. */
export function makeTargets(text: string): Set<string> {
  const rules = text.replaceAll('\\\n', ' ').matchAll(/^(?![\t#.])([^\n:=#]+?)[ \t]*::?(?![:=])/gm);
  return new Set([...rules].flatMap(([, names = '']) => names.trim().split(/\s+/)));
}

const detectMake: Detector = async (folder) => {
  // The order in which make looks; it reads the first one only.
  for (const name of ['GNUmakefile', 'makefile', 'Makefile']) {
    const text = (await peek(join(folder, name))).replaceAll('\r\n', '\n');
    if (text === '') continue;
    const targets = makeTargets(text);
    const target = ['test', 'check'].find((wanted) => targets.has(wanted));
    return target === undefined ? null : { command: `make ${target}`, source: `${name}, target ${target}` };
  }
  return null;
};

/** In the order they are asked; the first that knows decides. */
const detectors: readonly Detector[] = [
  detectJavaScript,
  byFile('go.mod', 'go test ./...'),
  byFile('Cargo.toml', 'cargo test'),
  detectPytest,
  detectUnittest,
  detectMaven,
  detectGradle,
  detectMake,
];

/** The test command by the files of the folder; null when none is recognised. Reads only, and never more than a bounded part. */
export async function detectTest(folder: string): Promise<DetectedTest | null> {
  for (const detect of detectors) {
    const found = await detect(folder);
    if (found !== null) return found;
  }
  return null;
}
