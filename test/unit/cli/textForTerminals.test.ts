import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { checkLines } from '../../../src/cli/commands/doctor.ts';
import { cleanLines } from '../../../src/cli/commands/keeping.ts';
import { diffStatLines, patchLines } from '../../../src/cli/render/diffStat.ts';
import { logLines } from '../../../src/cli/render/logLines.ts';
import { safeLine, safeText } from '../../../src/cli/render/safeText.ts';
import { coloursOf, renderLine, type Style, tone } from '../../../src/cli/render/style.ts';
import { cutText, fitText, textWidth } from '../../../src/cli/render/textWidth.ts';
import { bytesText, countText, elapsedText, linesText } from '../../../src/core/projections/figures.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { greenRun, storySpec, told } from '../../support/cli/story.ts';

const plain: Style = { columns: 80, colours: false };

describe('text of models and tests', () => {
  it('can not move the cursor, set the title, reorder or hide anything', () => {
    const given: readonly (readonly [string, string])[] = [
      ['\u001b[2J\u001b[1;1Hgone', 'gone'],
      ['\u001b]0;title\u0007after', 'after'],
      ['\u001b]0;title', '\ufffd]0;title'],
      ['\u001b\u001b]0;a\u0007]0;title\u0007after', '\ufffd]0;title\ufffdafter'],
      ['\u001b]8;;http://evil\u001b\\link\u001b]8;;\u001b\\', 'link'],
      ['one\rtwo', 'one�two'],
      ['a\u0008b\u007fc', 'a�b�c'],
      ['\u009b31mred', 'red'],
      ['safe\u202egpj.exe', 'safe�gpj.exe'],
      ['a\u2066b\u2069c', 'a�b�c'],
      ['zero\u200bwidth\ufeff', 'zero�width�'],
      ['tag\u{e0041}s', 'tag�s'],
      ['line\u2028separator', 'line�separator'],
      ['tab\tand\r\nnewline\n', 'tab\tand\nnewline\n'],
      ['👩‍👩‍👧 नमस्ते', '👩‍👩‍👧 नमस्ते'],
    ];
    assert.deepEqual(
      given.map(([text]) => safeText(text)),
      given.map(([, safe]) => safe),
    );
  });

  it('has no escape left, whatever mix of controls it is made of', () => {
    let seed = 42;
    const next = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed % below;
    };
    const parts = ['\u001b', '[', ']', '0', ';', 'm', '\u0007', '\u009b', 'P', '\\', 'x', '\u202e', '\n', '\u001b[', '\u0000', '漢'];
    const bad: string[] = [];
    for (let round = 0; round < 3000; round += 1) {
      const text = Array.from({ length: 1 + next(12) }, () => parts[next(parts.length)]).join('');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be gone
      if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/.test(safeText(text))) bad.push(JSON.stringify(text));
    }
    assert.deepEqual(bad, []);
  });

  it('is there soon, also when it is full of beginnings without an end', () => {
    assert.equal(safeText('\u001b]'.repeat(400_000)).length, 800_000);
  });

  it('becomes one line where one line is shown', () => assert.equal(safeLine('  one\n\ttwo\r\nthree  '), 'one two three'));
});

describe('widths', () => {
  it('count columns, not characters', () => {
    const widths = ['abc', '漢字', '👩‍👩‍👧', 'e\u0301', '…', '한글', 'ﾊ', '✓'].map(textWidth);
    assert.deepEqual(widths, [3, 4, 2, 1, 1, 4, 1, 1]);
  });

  it('cut between characters and leave room for the dots', () => {
    assert.deepEqual(
      [cutText('abcdef', 6), cutText('abcdef', 4), cutText('漢字漢字', 5), cutText('漢字', 2), cutText('abc', 0), fitText('漢', 4)],
      ['abcdef', 'abc…', '漢字…', '…', '', '漢  '],
    );
  });

  it('hold for every cut of any text', () => {
    const text = 'a漢👩‍👩‍👧e\u0301 한b';
    const cuts = Array.from(
      { length: 20 },
      (_, columns) => textWidth(cutText(text, columns)) <= columns && textWidth(fitText(text, columns)) === columns,
    );
    assert.deepEqual(
      cuts,
      cuts.map(() => true),
    );
  });

  it('are those of the text, not of its colours', () => {
    const line = renderLine([tone('good', 'green'), ' and ', tone('bad', 'red')], { columns: 11, colours: true });
    assert.equal(line, '\u001b[32mgreen\u001b[39m and \u001b[31m…\u001b[39m');
  });
});

describe('colours', () => {
  it('follow NO_COLOR, then FORCE_COLOR, then the stream', () => {
    const cases = [
      coloursOf({ isTTY: true }, {}),
      coloursOf({ isTTY: false }, {}),
      coloursOf({ isTTY: true }, { NO_COLOR: '1' }),
      coloursOf({ isTTY: true }, { NO_COLOR: '1', FORCE_COLOR: '1' }),
      coloursOf({ isTTY: true }, { NO_COLOR: '' }),
      coloursOf({ isTTY: false }, { FORCE_COLOR: '1' }),
      coloursOf({ isTTY: true }, { FORCE_COLOR: '0' }),
      coloursOf({ isTTY: true }, { TERM: 'dumb' }),
    ];
    assert.deepEqual(cases, [true, false, false, false, true, true, false, false]);
  });
});

describe('figures', () => {
  it('have units and fit', () => {
    assert.deepEqual([0, 40, 9940, 9960, 59_400, 59_600, 134_000, 3_599_600, 3_720_000].map(elapsedText), [
      '0.0 s',
      '0.0 s',
      '9.9 s',
      '10 s',
      '59 s',
      '1m00s',
      '2m14s',
      '1h00m',
      '1h02m',
    ]);
    assert.deepEqual([0, 999, 1830, 1234567].map(countText), ['0', '999', '1,830', '1,234,567']);
    assert.deepEqual([12, 999, 1900, 999_700, 3.4e9].map(bytesText), ['12 B', '999 B', '1.9 kB', '1.0 MB', '3.4 GB']);
    assert.deepEqual([linesText(12, 3), linesText(null, null)], ['+12 −3', 'binary']);
  });
});

describe('lists for people', () => {
  it('name what clean would do and why', () => {
    const orphans = [
      { kind: 'worktree' as const, name: '/data/cells/a', why: 'its run has ended', keptIn: 'refs/reactor/kept/a/1', removed: false },
      { kind: 'branch' as const, name: 'reactor/TASK-9', why: 'no run knows it', keptIn: null, removed: false },
    ];
    assert.deepEqual(cleanLines(orphans, true, { columns: 120, colours: false }), [
      '· would go worktree /data/cells/a  its run has ended; kept in refs/reactor/kept/a/1',
      '! stays    branch   reactor/TASK-9  no run knows it; kept nowhere else',
      '1 orphan would be removed: reactor clean; 1 left, since removing would lose something or failed',
    ]);
    assert.deepEqual(cleanLines([], true, plain), ['Nothing to clean: everything belongs to a run.']);
  });

  it('say what to do about each line of the doctor', () => {
    const lines = checkLines(
      [
        { name: 'Node', state: 'ok', text: '24.21.0', todo: '' },
        { name: 'OpenCode', state: 'missing', text: 'not found on PATH', todo: 'install it' },
      ],
      plain,
    );
    assert.deepEqual(lines, ['✓ Node        24.21.0', '✗ OpenCode    not found on PATH', '              → install it']);
    const narrow = checkLines([{ name: 'git', state: 'missing', text: 'too old for what is needed', todo: 'install a later one' }], {
      columns: 30,
      colours: false,
    });
    assert.deepEqual(narrow, [
      '✗ git         too old for what',
      '              is needed',
      '              → install a',
      '                later one',
    ]);
  });

  it('show the ends of long paths and count the files left out', () => {
    const files = Array.from({ length: 3 }, (_, n) => ({
      status: 'modified' as const,
      path: `${'deep/'.repeat(20)}file${n}.ts`,
      added: n,
      removed: 0,
    }));
    assert.deepEqual(diffStatLines({ files, filesTotal: 30, added: 3, removed: 0 }, '  ', { columns: 40, colours: false }, 2), [
      '  M …eep/deep/file0.ts  +0 −0',
      '  M …eep/deep/file1.ts  +1 −0',
      '  … and 28 more files',
    ]);
  });

  it('make a patch harmless and bounded', () => {
    assert.deepEqual(patchLines('diff --git a/x b/x\n@@ -1 +1,2 @@\n-old\n+new\u001b[2J\n+\tmore\n', plain, 4), [
      'diff --git a/x b/x',
      '@@ -1 +1,2 @@',
      '-old',
      '+new␛[2J',
      '… 1 more line',
    ]);
  });

  it("tell the agent's words, tools and tests in order", () => {
    const engine = new FakeEngine();
    greenRun(engine, 'r1', storySpec('TASK-001', 'Add slugify'));
    engine.tell('r1', told.attempt(2), told.tested(2, 1, 'not ok 1\n\n\u001b[31mexpected 5\u001b[0m\n'));
    const timeOfDay = (at: number) => new Date(at).toISOString().slice(11, 19);
    assert.equal(
      engine.entries.flatMap((entry) => logLines(entry, plain, timeOfDay)).join('\n'),
      `00:00:01 accepted: Add slugify (base b1c2d3e, test: npm test)
00:00:03 attempt 1: the agent works
         > Do it, with tests.
00:00:04 agent: says
           I have added it.
         ▪ edit src/slug.ts  0.0 s
00:00:05 attempt 1: the agent is done after 3 calls, 3.1 s
00:00:06 attempt 1: 2 files +12 −3, tree 9f3c2ab
00:00:07 attempt 1: tests green in 0.8 s
00:00:08 attempt 2: again, with the test output fed back
         > Do it, with tests.
00:00:09 attempt 2: tests red: exit code 1 in 0.8 s
         | not ok 1
         |
         | expected 5`,
    );
  });
});
