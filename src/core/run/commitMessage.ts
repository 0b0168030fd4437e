import { costText } from '../model/usd.ts';
import type { RunState } from './state.ts';

const OWN_TRAILER = /^reactor-[a-z]+\s*:/i;
const TRAILER = /^[A-Za-z0-9-]+\s*:|^\s/;
/** From there on git takes a message for a patch. */
const SCISSORS = /^. -+ >8 -+$/;

/** Trailers name where a commit comes from; recovery finds a commit that was made but not recorded by them. */
export const commitMessage = (state: RunState, attempt: number, models: readonly string[]): string => {
  const { cost, run } = state;
  const current = state.attempts.find((a) => a.attempt === attempt);
  return withTrailers(current?.message ?? subjectOf(state), [
    `Reactor-Run: ${run}`,
    `Reactor-Attempt: ${attempt}`,
    ...(models.length > 0 ? [`Reactor-Model: ${models.join(', ')}`] : []),
    `Reactor-Cost: ${costText(cost)}`,
    ...(current?.revised?.coAuthor ? [`Co-authored-by: ${current.revised.coAuthor}`] : []),
  ]);
};

export const stepMessage = (state: RunState, attempt: number, step: number): string => {
  const message = state.attempts.find((a) => a.attempt === attempt)?.message ?? stepSubject(state, step);
  return withTrailers(message, [`Reactor-Run: ${state.run}`, `Reactor-Attempt: ${attempt}`, `Reactor-Step: ${step}`]);
};

/** What a commit of the run says before any hook has seen it, and before its trailers. */
export const subjectOf = ({ spec }: RunState): string =>
  (spec.message ?? 'Task {task}: {title}').trim().replace(/\{(task|title)\}/g, (_, name: 'task' | 'title') => spec[name]);

const stepSubject = (state: RunState, step: number): string => subjectOf(state).replace(/^.*/, (line) => `${line} (step ${step})`);

/** Parked, and what its commit would say has not been accepted by the hooks. */
export const waitsForMessage = ({ spec, attempts, parked }: RunState): boolean => {
  const last = attempts.at(-1);
  const isOpen = last?.candidate != null && last.message === null && last.commit === null && last.stepCommit === null;
  return spec.hooks && parked?.code === 'commitRefused' && isOpen;
};

/**
 * A message with these trailers at its end, each once, and without any other of Reactor's: a hook may have taken them away, moved or changed them.
 * What else it wrote stays, as git would clean it up.
 */
export function withTrailers(message: string, trailers: readonly string[]): string {
  const lines = message.split('\n').map((line) => line.trimEnd());
  const cut = lines.findIndex((line) => SCISSORS.test(line));
  const kept = lines.slice(0, cut < 0 ? lines.length : cut).filter((line) => !OWN_TRAILER.test(line) && !trailers.includes(line));
  const text = kept
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  const paragraphs = text.split('\n\n');
  const last = paragraphs.length > 1 ? (paragraphs.at(-1) ?? '') : '';
  const goesOn = last !== '' && last.split('\n').every((line) => TRAILER.test(line));
  return `${text}${goesOn ? '\n' : '\n\n'}${trailers.join('\n')}\n`;
}
