import type { EscapeAttempt } from './escapeAttempts.ts';

/** Files with logins, by their names below a home folder. Each is to be read by no command. */
export const loginFiles = [
  ...['.ssh/id_ed25519', '.aws/credentials', '.netrc', '.npmrc', '.pypirc', '.git-credentials', '.docker/config.json', '.kube/config'],
  ...['.config/gh/hosts.yml', '.config/git/credentials', '.config/gcloud/credentials.db', '.azure/accessTokens.json', '.gnupg/private'],
  ...['.cargo/credentials', '.cargo/credentials.toml', '.cargo/config.toml', '.gem/credentials', '.gradle/gradle.properties'],
  ...['.local/share/uv/credentials/credentials.toml', '.npm-global/etc/npmrc', '.tool/config.json', '.fly/config.yml', '.Xauthority'],
] as const;

/** Ways that are those of the machine: its kernel, its sockets, what programs keep of their users. */
export interface MachineTargets {
  readonly home: string;
  /** Sockets on which something listens that answers whoever connects. */
  readonly sockets: readonly string[];
  /** Processes of Reactor's outside, as numbers there: the engine, the warden, the agent server. */
  readonly outside: readonly number[];
}

/** System calls by their numbers on x86-64, which is what a program can call without any library. */
const call = (number: number, ...args: readonly (number | string)[]): string =>
  `python3 - <<'PY'\nimport ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nbuffer = ctypes.create_string_buffer(4096)\nresult = libc.syscall(${[number, ...args].join(', ')})\nprint('refused' if result == -1 and ctypes.get_errno() in (1, 38) else 'allowed %d %d' % (result, ctypes.get_errno()))\nPY`;

export const machineAttempts = ({ home, sockets, outside }: MachineTargets): EscapeAttempt[] => [
  {
    name: 'kill-engine',
    command: `for p in ${outside.join(' ')}; do kill -9 $p && echo killed; kill -STOP $p && echo stopped; done; pkill -9 -f 'engine --repo' && echo killed; true`,
  },
  {
    name: 'trace-engine',
    command: `python3 - <<'PY'\nimport ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nfor pid in (${outside.join(', ')},):\n    for request in (16, 0x4206):\n        print('refused' if libc.ptrace(request, pid, 0, 0) == -1 else 'attached', pid)\n    buffer = ctypes.create_string_buffer(64)\n    vector = (ctypes.c_ulong * 2)(ctypes.addressof(buffer), 64)\n    print('refused' if libc.process_vm_readv(pid, vector, 1, vector, 1, 0) == -1 else 'attached', pid)\nPY`,
  },
  {
    name: 'warden-pipe',
    command:
      'grep -laE "[w]arden(Main)?\\.(ts|mjs)" /proc/[0-9]*/cmdline; for f in /proc/[0-9]*/fd/*; do case $(readlink $f) in *engine.log*) echo "found $f" ;; esac; done; true',
  },
  {
    name: 'inherited-descriptors',
    command: "python3 -c \"import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + n)))\"",
  },
  // Get the id of the session keyring, put a key in it, ask for one.
  { name: 'keyring-of-the-login', command: call(250, 0, -3, 0) },
  { name: 'keyring-new-key', command: call(248, 'b"user"', 'b"reactor"', 'b"x"', 1, -3) },
  { name: 'keyring-request', command: call(249, 'b"user"', 'b"reactor"', 0, 0) },
  { name: 'io-rings', command: call(425, 8, 'buffer') },
  { name: 'page-fault-handler', command: call(323, 1) },
  { name: 'kernel-programs', command: call(321, 0, 'buffer', 72) },
  { name: 'performance-counters', command: call(298, 'buffer', 0, -1, -1, 0) },
  {
    name: 'terminal-input',
    command: `python3 - <<'PY'\nimport fcntl, os, pty, termios\nfor name in ('/dev/tty', '/dev/console', '/dev/tty1', '/proc/1/fd/0', '/proc/self/fd/0'):\n    try:\n        fcntl.ioctl(os.open(name, os.O_RDWR), termios.TIOCSTI, b'x'); print('typed')\n    except OSError as error: print(name, error.errno)\nend, other = pty.openpty()\ntry:\n    fcntl.ioctl(other, termios.TIOCSTI, b'x'); print('typed')\nexcept OSError as error: print('own', error.errno)\nPY`,
  },
  { name: 'no-new-privileges', command: 'grep -E "^(NoNewPrivs|Seccomp):" /proc/self/status' },
  {
    name: 'set-user-program',
    command:
      'cp "$(command -v id)" ./own-id && chmod u+s own-id 2>/dev/null; ./own-id -u; find /usr -perm -4000 -type f 2>/dev/null | head -3; for p in su mount passwd; do command -v $p >/dev/null && grep NoNewPrivs /proc/self/status; done; rm -f own-id',
  },
  {
    name: 'shared-memory-of-another-command',
    command:
      "ls /dev/shm; python3 -c \"from multiprocessing import shared_memory; shared_memory.SharedMemory(name='reactor-left'); print('attached')\"",
  },
  { name: 'message-queues', command: 'ls /dev/mqueue; ipcs -m -q -s 2>/dev/null | grep -c 0x; true' },
  {
    name: 'agents-of-the-desktop',
    command: `env | grep -E "^(SSH_AUTH_SOCK|DOCKER_HOST|XDG_RUNTIME_DIR|DBUS_SESSION_BUS_ADDRESS)="; ${sockets
      .map((path) => `python3 -c "import socket; s=socket.socket(socket.AF_UNIX); s.connect('${path}'); print('connected')"`)
      .join('; ')}`,
  },
  {
    name: 'every-socket',
    command:
      'for s in $(find / -xdev -type s 2>/dev/null; awk \'{print $8}\' /proc/net/unix | grep "^/"); do python3 -c "import socket,sys; s=socket.socket(socket.AF_UNIX); s.settimeout(2); s.connect(sys.argv[1]); print(\'connected\', sys.argv[1])" "$s"; done 2>/dev/null; true',
  },
  { name: 'logins-in-the-home', command: loginFiles.map((name) => `cat "${home}/${name}" ~/${name}`).join('; ') },
  { name: 'logins-anywhere', command: `grep -rIl "login of the user" "${home}" ~ 2>/dev/null; true` },
  { name: 'git-logins', command: 'git config --list --show-origin; cat ~/.gitconfig; git config user.name' },
  { name: 'tool-on-path', command: 'tool' },
  {
    name: 'other-volumes',
    command: 'find /mnt /media /var/log /var/spool /var/mail /var/crash /var/lib/systemd/coredump -type f 2>/dev/null | head',
  },
  { name: 'users-checkout-elsewhere', command: 'ls -A "$(dirname "$(git rev-parse --path-format=absolute --git-common-dir)")"' },
  {
    name: 'nested-sandbox',
    command:
      'bwrap --dev-bind / / --proc /proc sh -c "cat /proc/1/environ" | tr "\\0" "\\n" | grep -c OPENCODE_SERVER; unshare -Urpf --mount-proc sh -c "ps -e | wc -l"; true',
  },
  {
    name: 'core-dump-handler',
    command:
      'cat /proc/sys/kernel/core_pattern; (ulimit -c unlimited && echo allowed) 2>&1; sh -c \'kill -SEGV $$\'; find / -xdev -name "core*" -newer report -type f 2>/dev/null | grep -v /proc | head -3',
  },
  {
    name: 'file-watches',
    command: `python3 -c "import ctypes; l=ctypes.CDLL(None); f=l.inotify_init(); print([l.inotify_add_watch(f, p.encode(), 0xfff) >= 0 for p in ('${home}/.ssh', '${home}/.aws')])"`,
  },
  {
    name: 'odd-files',
    command:
      'mkfifo pipe; mkfifo .gitignore.pipe; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\'a.sock\')"; mknod dev c 1 3; ls -la pipe a.sock',
  },
  { name: 'invalid-names', command: "python3 -c \"open(b'\\xff\\xfe name.txt','w').write('good')\" && ls | wc -l" },
];
