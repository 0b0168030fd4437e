import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { callFilter } from '../../../../src/adapters/sandbox/systemCalls.ts';

const ALLOWED = 'allowed';
const outcomes: Readonly<Record<number, string>> = { 2147418112: ALLOWED, 327681: 'not permitted', 327718: 'no such call' };

/** What the kernel would do with a call, by running the filter's program. */
function outcomeOf(filter: Uint8Array, call: { architecture: number; number: number; second?: number }): string {
  const program = Buffer.from(filter);
  const data: Readonly<Record<number, number>> = { 0: call.number, 4: call.architecture, 24: call.second ?? 0 };
  let loaded = 0;
  for (let at = 0; at < program.length / 8; ) {
    const value = program.readUInt32LE(at * 8 + 4);
    const jump = (isSo: boolean): number => at + 1 + program.readUInt8(at * 8 + (isSo ? 2 : 3));
    switch (program.readUInt16LE(at * 8)) {
      case 0x20:
        loaded = data[value] ?? Number.NaN;
        at += 1;
        break;
      case 0x15:
        at = jump(loaded === value);
        break;
      case 0x35:
        at = jump(loaded >= value);
        break;
      case 0x06:
        return outcomes[value] ?? `0x${value.toString(16)}`;
      default:
        throw new Error('an instruction that is not known');
    }
  }
  throw new Error('the program has no end');
}

describe('The filter of system calls', () => {
  const machines = [
    { arch: 'x64', architecture: 0xc000_003e, keyctl: 250, ioctl: 16, execve: 59 },
    { arch: 'x64', architecture: 0x4000_0003, keyctl: 288, ioctl: 54, execve: 11 },
    { arch: 'arm64', architecture: 0xc000_00b7, keyctl: 219, ioctl: 29, execve: 221 },
    { arch: 'arm64', architecture: 0x4000_0028, keyctl: 311, ioctl: 54, execve: 11 },
  ];
  for (const { arch, architecture, keyctl, ioctl, execve } of machines) {
    it(`keeps programs of ${arch} (0x${architecture.toString(16)}) from keyrings, rings and typing into terminals, and from nothing else`, () => {
      const filter = callFilter(arch);
      assert.ok(filter);
      const of = (number: number, second?: number) =>
        outcomeOf(filter, { architecture, number, ...(second === undefined ? {} : { second }) });
      assert.deepEqual(
        [keyctl, 425, 426, 427].map((number) => of(number)),
        ['not permitted', ...Array(3).fill('no such call')],
      );
      assert.deepEqual(
        [0x5412, 0x541c, 0x5401].map((second) => of(ioctl, second)),
        ['not permitted', 'not permitted', ALLOWED],
      );
      assert.deepEqual(
        [0, execve, 424, 428, 435].map((number) => of(number)),
        Array(5).fill(ALLOWED),
      );
    });
  }

  it('knows no other interface of the kernel, and makes none for a processor that it does not know', () => {
    const filter = callFilter('x64');
    assert.ok(filter);
    assert.equal(outcomeOf(filter, { architecture: 0xc000_003e, number: 0x4000_0000 + 250 }), 'no such call');
    assert.equal(outcomeOf(filter, { architecture: 1, number: 1 }), 'no such call');
    assert.equal(callFilter('mips'), null);
  });
});
