import { existsSync } from 'node:fs';

/**
 * System calls that commands of a cell have no use for and that namespaces do not hold: the kernel's keyrings (a process keeps the keyring of the
 * login it descends from), rings of calls that pass by what looks at calls, handlers of page faults, programs in the kernel, counters of other
 * processes. The same are denied by container engines. Numbers: the kernel's tables of system calls.
 */
interface CallTable {
  /** `AUDIT_ARCH_…` of linux/audit.h. */
  readonly architecture: number;
  /** Answered with "not permitted". */
  readonly denied: readonly number[];
  readonly ioctl: number;
}

/** The same number everywhere. Answered with "no such call", so that programs take another way. */
const IO_URING = [425, 426, 427];
/** Numbers from here on are those of the x32 interface, with the same calls behind them. */
const X32 = 0x4000_0000;
/** Types into the terminal; pastes into a console. */
const TERMINAL_INPUT = [0x5412, 0x541c];

const TABLES: Readonly<Record<string, readonly CallTable[]>> = {
  x64: [
    { architecture: 0xc000_003e, denied: [248, 249, 250, 298, 321, 323], ioctl: 16 },
    { architecture: 0x4000_0003, denied: [286, 287, 288, 336, 357, 374], ioctl: 54 },
  ],
  arm64: [
    { architecture: 0xc000_00b7, denied: [217, 218, 219, 241, 280, 282], ioctl: 29 },
    { architecture: 0x4000_0028, denied: [309, 310, 311, 364, 386, 388], ioctl: 54 },
  ],
};

const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const RETURN = 0x06;
const ALLOW = 0x7fff_0000;
const NOT_PERMITTED = 0x0005_0000 + 1;
const NO_SUCH_CALL = 0x0005_0000 + 38;
/** Where things are in `struct seccomp_data`, of linux/seccomp.h. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const SECOND_ARGUMENT = 24;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/** Whether the kernel takes filters of system calls. */
export const filtersCalls = (): boolean => existsSync('/proc/sys/kernel/seccomp/actions_avail');

/** A filter of system calls for bubblewrap's `--seccomp`; null for a processor that is not known here. */
export function callFilter(arch: string = process.arch): Uint8Array | null {
  const tables = TABLES[arch];
  if (tables === undefined) return null;
  const blocks = tables.map((table) => ({ table, block: blockOf(table, arch === 'x64') }));
  const program: Instruction[] = [[LOAD, 0, 0, ARCHITECTURE]];
  for (const { table, block } of blocks) program.push([IF_EQUAL, 0, block.length, table.architecture], ...block);
  program.push([RETURN, 0, 0, NO_SUCH_CALL]);
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  }
  return bytes;
}

/** What is done with calls of one interface; it ends in a return whatever the call is. */
function blockOf({ denied, ioctl }: CallTable, hasX32: boolean): Instruction[] {
  const when = (value: number, outcome: number): Instruction[] => [
    [IF_EQUAL, 0, 1, value],
    [RETURN, 0, 0, outcome],
  ];
  const ofIoctl: Instruction[] = [
    [LOAD, 0, 0, SECOND_ARGUMENT],
    ...TERMINAL_INPUT.flatMap((request) => when(request, NOT_PERMITTED)),
    [RETURN, 0, 0, ALLOW],
  ];
  return [
    [LOAD, 0, 0, NUMBER],
    ...(hasX32
      ? ([
          [IF_AT_LEAST, 0, 1, X32],
          [RETURN, 0, 0, NO_SUCH_CALL],
        ] as const)
      : []),
    ...denied.flatMap((number) => when(number, NOT_PERMITTED)),
    ...IO_URING.flatMap((number) => when(number, NO_SUCH_CALL)),
    [IF_EQUAL, 0, ofIoctl.length, ioctl],
    ...ofIoctl,
    [RETURN, 0, 0, ALLOW],
  ];
}
