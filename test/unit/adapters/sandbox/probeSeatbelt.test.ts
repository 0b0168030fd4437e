import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { MUST_FAIL, MUST_FAIL_CLOSED, MUST_WORK } from '../../../../src/adapters/sandbox/escapeTries.ts';
import { probeSeatbelt } from '../../../../src/adapters/sandbox/probeSeatbelt.ts';
import { ensureBubblewrap } from '../../../support/ensureBubblewrap.ts';
import { requires } from '../../../support/requires.ts';

describe('Whether the sandbox of macOS holds', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reactor-seatbelt-test-'));
    script('look', '[ "$1" = --version ] && { echo 1; exit; }\ncat "/proc/$1/environ"');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const script = (name: string, text: string): void => writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  /** Looks with a program in the place of the one that applies a profile. */
  const probe = async (
    text: string,
    { limitMs = 20_000, look = 'look', ...more }: { limitMs?: number; look?: string; program?: () => Promise<string> } = {},
  ) => {
    script('sandbox-exec', text);
    return probeSeatbelt(join(folder, 'sandbox-exec'), { limitMs, environmentOf: [join(folder, look)], ...more });
  };
  const mustFail = [...MUST_FAIL, ...MUST_FAIL_CLOSED];
  const holding = Object.fromEntries([...MUST_WORK.map((name) => [name, true]), ...mustFail.map((name) => [name, false])]);
  const says = (answer: Readonly<Record<string, boolean>>): string => `cat <<'END'\n${JSON.stringify(answer)}\nEND`;

  it('is said when everything comes out as cells need it', async function () {
    requires(this, process.platform === 'linux', 'Linux');
    const { boundary, why, todo } = await probe(`[ "$1" = -p ] || exit 1\n${says(holding)}`);
    assert.deepEqual([boundary, why, todo], ['seatbelt', '', '']);
  });

  it('is denied where the agent server does not start in it', async function () {
    requires(this, process.platform === 'linux', 'Linux');
    script('opencode', 'exit 1');
    const program = async (): Promise<string> => join(folder, 'opencode');
    const starts = `case "$4" in --version) shift 2; exec "$@" ;; esac\n${says(holding)}`;
    const { boundary, why } = await probe(starts, { program });
    assert.deepEqual([boundary, why.replace(folder, '…')], [null, '…/opencode does not start in the sandbox of macOS: exit code 1']);
    script('opencode', 'echo 1.18.0');
    assert.equal((await probe(starts, { program })).boundary, 'seatbelt');
  });

  it('is denied when any one thing comes out otherwise, or is not told', async function () {
    requires(this, process.platform === 'linux', 'Linux');
    const whyOf = async (answer: Readonly<Record<string, boolean>>): Promise<string> => {
      const { boundary, why } = await probe(says(answer));
      return `${boundary}: ${why}`;
    };
    const all = [...MUST_WORK.map((name) => `a command in it can't ${name}`), ...mustFail.map((name) => `a command in it can ${name}`)];
    const begin = 'null: the sandbox of macOS does not hold what cells need here: ';
    const turned = Object.fromEntries(Object.entries(holding).map(([name, could]) => [name, !could]));
    const found = [turned, {}, { ...holding, 'write outside': true }, { ...holding, 'start a program': false }];
    const expected = [all.join(', '), all.join(', '), 'a command in it can write outside', "a command in it can't start a program"];
    for (const [at, answer] of found.entries()) assert.equal(await whyOf(answer), `${begin}${expected[at]}`);
  });

  it('is denied where the profile has no effect: each way out is taken', async function () {
    requires(this, process.platform === 'linux', 'Linux');
    const { boundary, why } = await probe('shift 2\nexec "$@"');
    assert.equal(boundary, null);
    // A machine without a network sends nothing anywhere.
    const found = mustFail.filter((name) => name !== 'send to another machine' && !why.includes(`can ${name}`));
    assert.deepEqual([found, why.includes('can end other programs')], [[], true], why);
  });

  it('finds nothing but the closed network where a real boundary stands in its place', async function () {
    this.timeout(180_000);
    requires(this, process.platform === 'linux', 'Linux');
    ensureBubblewrap();
    const scratch = `inside=$(printf %s "$2" | sed -n 's/^(allow file-read\\* file-write\\* (subpath "\\(.*\\)"))$/\\1/p')`;
    const mounts = '--ro-bind / / --dev /dev --proc /proc --bind "$inside" "$inside" --tmpfs "$inside/../hidden"';
    const { why } = await probe(`${scratch}\nshift 2\nexec bwrap --unshare-all ${mounts} -- "$@"`);
    assert.equal(why, "the sandbox of macOS does not hold what cells need here: a command in it can't reach the cell's own port");
  });

  it('is not known, and so denied, where it can not be tried', async function () {
    requires(this, process.platform === 'linux', 'Linux');
    script('blind', 'exit 0');
    const found = [
      await probeSeatbelt(join(folder, 'missing')),
      await probe('echo "sandbox-exec: sandbox_apply: Operation not permitted" >&2; exit 71'),
      await probe('echo "unbound variable: file-map" >&2; exit 65'),
      await probe('echo what'),
      await probe('exec sleep 60', { limitMs: 500 }),
      await probe(says(holding), { look: 'blind' }),
    ];
    assert.deepEqual(
      found.map(({ boundary, why }) => [boundary, why.replaceAll(folder, '…')]),
      [
        [null, '…/missing is not on this machine'],
        [null, 'this process is in a sandbox of macOS itself, so it can make no other'],
        [null, "the sandbox of macOS can't be started: unbound variable: file-map"],
        [null, 'what was tried in the sandbox of macOS gave no answer'],
        [null, 'the sandbox of macOS took longer than 0.5 s to be tried'],
        [null, 'whether commands can read the environment of other programs could not be tried (…/blind does not show it)'],
      ],
    );
    assert.ok(found.every(({ todo }) => todo.startsWith('set sandbox: off')));
  });
});
