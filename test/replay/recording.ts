import { readFileSync, writeFileSync } from 'node:fs';
import { openJournalReader } from '../../src/adapters/journal/openJournalReader.ts';
import type { RawEntry } from '../../src/adapters/journal/rawEntry.ts';
import type { JournalReader } from '../../src/core/ports/journal.ts';
import { evolveRun } from '../../src/core/run/evolve.ts';
import type { RunState } from '../../src/core/run/state.ts';

/** What a journal must still mean when a later version reads it. */
export const summarise = (reader: JournalReader, lastHash: string) => ({
  entries: reader.head(),
  lastHash,
  unknown: reader.unknownCount(),
  highestTask: reader.highestTaskNumber(),
  open: reader.openRuns().map(({ run }) => run),
  runs: [...reader.recentRuns(10_000)].reverse().map(summariseRun),
});

const summariseRun = (state: RunState) => ({
  run: state.run,
  task: state.task,
  phase: state.phase,
  seq: state.seq,
  requestedAt: state.requestedAt,
  startedAt: state.startedAt,
  endedAt: state.endedAt,
  waitedMs: state.waitedMs,
  lastGreen: state.lastGreen,
  session: state.cell?.session ?? null,
  attempts: state.attempts.map((attempt) => ({
    because: attempt.because,
    tree: attempt.candidate?.tree ?? null,
    exitCode: attempt.test?.evidence.exitCode ?? null,
    review: attempt.review?.decision ?? null,
    closed: attempt.closed?.how ?? null,
    commit: attempt.commit,
    tokens: attempt.tokens,
    cost: attempt.cost,
  })),
  pending: state.pending.map(({ id, kind }) => `${kind} ${id}`),
  landed: state.landing?.landed ?? null,
  parked: state.parked,
  concluded: state.concluded,
  tokens: state.tokens,
  cost: state.cost,
  messages: state.messages,
  warnings: state.warnings,
});

/** Every column of every entry, `data` as the text it is, one object per line. */
export const readRecording = (path: string): RawEntry[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RawEntry);

export const expectedPath = (recording: string): string => recording.replace(/\.ndjson$/, '.expected.json');

/** Writes the recording of a journal, and beside it what its replay must give. @returns the number of entries */
export function record(database: string, recording: string): number {
  const reader = openJournalReader({ file: database, evolve: evolveRun });
  try {
    const lines: string[] = [];
    let lastHash = '';
    for (let from = 1; ; ) {
      const page = reader.readRaw({ from });
      const last = page.at(-1);
      if (last === undefined) break;
      lines.push(...page.map((entry) => `${JSON.stringify(entry)}\n`));
      lastHash = last.hash;
      from = last.seq + 1;
    }
    writeFileSync(recording, lines.join(''));
    writeFileSync(expectedPath(recording), `${JSON.stringify(summarise(reader, lastHash), null, 2)}\n`);
    return lines.length;
  } finally {
    reader.close();
  }
}
