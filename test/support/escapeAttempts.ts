import { portLeaseFolder, runtimeFolder, socketPathOf } from '../../src/adapters/files/runtimeFolder.ts';

/** A way out of a cell that a command tries. What it prints is its report. */
export interface EscapeAttempt {
  readonly name: string;
  readonly command: string;
}

/** What the attempts aim at. */
export interface Targets {
  /** A folder of the test's outside the cell, with a file `mark` in it. */
  readonly outside: string;
  readonly home: string;
  /** Reactor's data folder of the repository. */
  readonly data: string;
  readonly repository: string;
  /** A process that lives outside. */
  readonly pid: number;
  /** First and last of the ports of agent servers. */
  readonly ports: readonly [number, number];
  /** Makes what leftovers of the attempts are recognised by. */
  readonly seconds: number;
}

/** The script that tries all of them, each in a shell of its own, and leaves one file a report in the folder `report`. */
export const attemptsScript = (attempts: readonly EscapeAttempt[]): string =>
  [
    'mkdir -p report',
    'try() { name=$1; timeout 20 sh > "report/$name" 2>&1; echo "exit $?" >> "report/$name"; }',
    ...attempts.flatMap(({ name, command }) => [`try '${name}' <<'END_OF_ATTEMPT'`, command, 'END_OF_ATTEMPT']),
    'exit 0',
    '',
  ].join('\n');

const common = 'common=$(git rev-parse --path-format=absolute --git-common-dir)';

export const fileAttempts = ({ outside, home, data, repository }: Targets): EscapeAttempt[] => [
  { name: 'absolute-path', command: `echo out > ${outside}/mark && cat ${outside}/mark` },
  { name: 'system-file', command: 'echo out > /etc/reactor-escape && echo written' },
  { name: 'program', command: 'echo out > /usr/bin/reactor-escape && echo written' },
  {
    name: 'dot-dot',
    command: `echo out > ../../../../../../../../../../..${outside}/mark; cat ../../../journal.db | head -c 20`,
  },
  { name: 'symlink', command: `ln -s ${outside} out && echo out > out/mark && echo written; rm -f out` },
  { name: 'hard-link', command: 'ln /etc/passwd passwd && echo linked; rm -f passwd' },
  {
    name: 'proc-self-root',
    command: `echo out > /proc/self/root${outside}/mark && echo written; echo out > /proc/self/root/etc/reactor-escape && echo written`,
  },
  {
    name: 'proc-one-root',
    command: `cat /proc/1/root${outside}/mark && echo read; echo out > /proc/1/root${outside}/mark && echo written`,
  },
  {
    name: 'proc-cwd',
    command: `for d in /proc/[0-9]*; do cat $d/cwd${outside}/mark $d/root${outside}/mark && echo read; done 2>/dev/null; true`,
  },
  {
    name: 'python',
    command: `python3 -c "open('${outside}/mark','w').write('out')" && echo written || perl -e "open(F,'>','${outside}/mark') and print F 'out'"`,
  },
  { name: 'host-temporary-files', command: `ls -A ${runtimeFolder()} ${portLeaseFolder()} ${outside}` },
  { name: 'shared-memory', command: 'ls /dev/shm | grep -c reactor-escape' },
  { name: 'private-key', command: `cat ${home}/.ssh/id_rsa ~/.ssh/id_rsa ${home}/.aws/credentials` },
  { name: 'shell-profile', command: `echo out >> ${home}/.bashrc; cat ${home}/.profile` },
  { name: 'git-identity', command: `echo out >> ${home}/.gitconfig && echo written` },
  { name: 'users-checkout', command: `cat ${repository}/README.md && echo read; echo out > ${repository}/escape && ls ${repository}` },
  { name: 'journal', command: `cat ${data}/journal.db && echo read` },
  {
    name: 'engine-socket',
    command: `ls ${data}/engine.sock; find /tmp /run -name engine.sock 2>/dev/null | head -3; for s in ${data}/engine.sock ${socketPathOf(data)}; do python3 -c "import socket; s=socket.socket(socket.AF_UNIX); s.connect('$s'); print('connected')"; done`,
  },
  { name: 'other-cells', command: `ls ${data}/cells | grep -v "$(basename "$(dirname "$PWD")")"; ls ${data}` },
  {
    name: 'other-cells-files',
    command: `for d in ${data}/cells/*/worktree ../../*/worktree; do [ "$(realpath "$d")" = "$PWD" ] || { echo out > "$d/escape.txt" && echo written; }; done; mkdir -p ${data}/cells/planted/worktree; echo out > ${data}/cells/planted/worktree/escape.txt; true`,
  },
  { name: 'server-folder', command: 'ls ../home ../home/shell ../home/config ../home/data; ls ../server.log' },
  { name: 'command-shell', command: 'echo "#!/bin/sh" > ../home/shell/sh && echo written; ls -la ../home | wc -l' },
  {
    name: 'server-plugin',
    command: 'mkdir -p ../home/config/opencode/plugin && echo "throw 1" > ../home/config/opencode/plugin/x.js; true',
  },
];

export const gitAttempts = ({ outside }: Targets): EscapeAttempt[] => [
  {
    name: 'git-hook',
    command: `${common}; echo "echo out > ${outside}/mark" > "$common/hooks/post-commit" && echo written; echo x > "$common/hooks/escape" && echo written`,
  },
  {
    name: 'git-config',
    command: `git config core.hooksPath ${outside} && git config user.name Mallory && git config core.fsmonitor "echo out > ${outside}/mark"`,
  },
  {
    name: 'git-filter',
    command: `git config filter.out.clean "sh -c 'echo out > ${outside}/mark; cat'" && echo "*.txt filter=out" > .gitattributes && echo data > filtered.txt`,
  },
  { name: 'git-main', command: 'git update-ref refs/heads/main "$(git commit-tree -m out HEAD^{tree})"; git rev-parse main' },
  {
    name: 'git-objects',
    command: `${common}; find "$common/repository-objects" -type f | head -3 | while read -r f; do chmod +w "$f"; echo out > "$f" && echo written; rm -f "$f" && echo removed; done`,
  },
  { name: 'git-alternates', command: `${common}; echo ${outside} >> "$common/objects/info/alternates"` },
  { name: 'git-stash', command: 'echo stash > stash.txt && git add stash.txt && git stash -q && git stash list' },
  { name: 'git-file', command: 'cp .git .git.before; echo "gitdir: /nowhere" > .git; git status; cp .git.before .git; rm .git.before' },
  {
    name: 'git-submodule-url',
    command: `printf '[submodule "../../../out"]\\n\\tpath = sub\\n\\turl = ext::sh -c "echo out > ${outside}/mark"\\n' > .gitmodules; git submodule update --init; rm -f .gitmodules`,
  },
  {
    // Spelled so that it seems to lead to a submodule of the cell's, below git's own folder.
    name: 'git-file-of-a-submodule',
    command: `git init -q evil && cd evil && git -c user.name=A -c user.email=a@b commit -q --allow-empty -m one && echo $PWD/.git/objects > .git/objects/info/alternates
git config core.repositoryFormatVersion 1; git config extensions.partialClone origin; git config remote.origin.promisor true; git config remote.origin.url ssh://example.invalid/x
git config core.sshCommand "echo out > ${outside}/mark;"; git config filter.out.clean "echo out > ${outside}/mark"; echo '* filter=out' > .git/info/attributes; cd ..
folder=$(sed 's/^gitdir: //' .git)/modules; echo "gitdir: $folder/$(realpath -m --relative-to="$folder" evil/.git)" > sub/.git; echo evil/ >> .git-ignored; cat .git-ignored > .gitignore; rm .git-ignored; echo planted`,
  },
  {
    name: 'text-for-terminals',
    command: `f=$(printf 'hidden\\342\\200\\256txt.exe'); printf 'good \\033]0;title\\007\\033[2J\\342\\200\\256\\n' | tee "$f"`,
  },
  { name: 'odd-names', command: "touch -- '-rf' \"new\nline\" && mkdir -p 'a b' && touch 'a b/--exec=id'" },
  {
    name: 'git-refs-file',
    command: `${common}; echo 0000000000000000000000000000000000000001 > "$common/refs/heads/main"; rm -rf "$common/packed-refs" "$common/HEAD"`,
  },
  {
    name: 'git-worktree-entry',
    command: `${common}; for d in "$common"/worktrees/*; do echo ${outside} > "$d/commondir"; echo ${outside}/.git > "$d/gitdir"; done`,
  },
];

export const processAttempts = ({ pid, ports, seconds }: Targets): EscapeAttempt[] => [
  { name: 'kill-outside', command: `kill -0 ${pid} && echo reached; kill -9 ${pid} && echo killed` },
  {
    name: 'kill-everything-else',
    command: 'n=0; for p in $(seq 3000 40000); do kill -0 $p 2>/dev/null && n=$((n+1)); done; echo "reached $n"',
  },
  { name: 'server-environment', command: 'cat /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n" | grep -c "^OPENCODE_SERVER_PASSWORD="' },
  {
    name: 'server-memory',
    command: 'for d in /proc/[0-9]*; do grep -q opencode $d/comm && : < $d/mem && echo "opened $d"; done 2>/dev/null; true',
  },
  { name: 'server-files', command: 'ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c "opencode.db\\|journal.db"' },
  {
    name: 'own-environment',
    command: 'env | grep -E "PASSWORD|CONFIG_CONTENT|AUTH_CONTENT|API_KEY" ; tr "\\0" "\\n" < /proc/self/environ | grep -c PASSWORD',
  },
  { name: 'provider-key', command: 'env | grep -c sk-never-seen; cat /proc/[0-9]*/environ 2>/dev/null | grep -c sk-never-seen' },
  {
    name: 'control-port',
    command: `for p in $(seq ${ports[0]} ${ports[1]}); do curl -s -m 3 -o /dev/null -w "%{http_code}\\n" http://127.0.0.1:$p/config; curl -s -m 3 -o /dev/null -w "%{http_code}\\n" -u opencode:opencode http://127.0.0.1:$p/permission; done | sort | uniq -c`,
  },
  { name: 'trace', command: `strace -o /dev/null -p ${pid} 2>&1 | head -1; true` },
  {
    name: 'enter-namespaces',
    command: 'nsenter -t 1 -a ls ../home/shell/sh && echo entered; nsenter -t 2 -a ls ../home/shell/sh && echo entered',
  },
  { name: 'capabilities', command: 'grep -E "^Cap(Prm|Eff|Amb)" /proc/self/status' },
  { name: 'set-user', command: 'su -s /bin/sh nobody -c id; sudo -n id; setpriv --reuid 65534 id; true' },
  { name: 'mount', command: 'mount -t tmpfs none /mnt && echo mounted; mount -o remount,rw / && echo remounted; umount /etc && echo gone' },
  {
    name: 'new-namespace',
    command: `unshare -Urm sh -c 'mount -o remount,rw,bind / && echo out > /etc/reactor-escape && echo written; umount -l /home && echo uncovered'`,
  },
  { name: 'chroot', command: 'chroot /proc/1/root true && echo changed; true' },
  {
    name: 'device',
    command: 'mknod disk b 8 0 && echo made; mknod mem c 1 1 && echo made; ls /dev | grep -cE "^(sd|vd|nvme|mem|kmem|kvm|fuse)"',
  },
  {
    name: 'kernel-settings',
    command:
      'echo "|/bin/false" > /proc/sys/kernel/core_pattern && echo written; echo b > /proc/sysrq-trigger && echo written; echo 1 > /proc/sys/vm/drop_caches && echo written',
  },
  {
    name: 'control-groups',
    command:
      'for f in $(find /sys/fs/cgroup -name release_agent -o -name cgroup.procs 2>/dev/null | head -5); do echo $$ > $f && echo written; done; true',
  },
  {
    name: 'other-sockets',
    command: 'find /run /tmp -type s 2>/dev/null | head -5; ls /run/docker.sock /var/run/docker.sock /run/dbus',
  },
  {
    name: 'abstract-socket-outside',
    command: `python3 -c "import socket; s=socket.socket(socket.AF_UNIX); s.connect('\\0reactor-escape'); print('connected')"; python3 -c "import socket; s=socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.sendto(b'x', '\\0reactor-escape'); print('sent')"`,
  },
  {
    name: 'abstract-socket-own',
    command: `cat > listen.py <<'PY'
import socket, subprocess, sys
name = chr(0) + 'reactor-own'
server = socket.socket(socket.AF_UNIX)
if len(sys.argv) == 1:
    server.bind(name); server.listen()
    subprocess.run([sys.executable, 'listen.py', 'connect'])
else:
    server.connect(name); print('own')
PY
python3 listen.py`,
  },
  { name: 'interprocess', command: 'readlink /proc/self/ns/ipc /proc/self/ns/pid /proc/self/ns/user /proc/self/ns/mnt' },
  {
    name: 'daemon',
    command: `env -i PATH="$PATH" setsid nohup sh -c "sleep ${seconds} & sleep ${seconds}" >/dev/null 2>&1 & (env -i PATH="$PATH" setsid sleep ${seconds} >/dev/null 2>&1 &); echo started`,
  },
];

export const networkAttempts = (port: number): EscapeAttempt[] => [
  { name: 'tcp', command: `curl -s -m 5 http://127.0.0.1:${port}/v1/models && echo reached` },
  {
    name: 'tcp-address',
    command:
      'for a in $(hostname -I 2>/dev/null) 10.0.0.1 192.168.0.1; do timeout 2 sh -c "echo > /dev/tcp/$a/22" ; curl -s -m 2 http://$a/ && echo reached; done; true',
  },
  { name: 'dns', command: 'getent hosts example.org && echo resolved; true' },
  {
    name: 'udp',
    command: `python3 -c "import socket; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x',('8.8.8.8',53)); print('sent')"`,
  },
  {
    name: 'ipv6',
    command: `curl -s -m 3 -g "http://[::1]:${port}/v1/models" && echo reached; curl -s -m 3 -g "http://[2606:4700::1111]/" && echo reached; true`,
  },
  {
    name: 'abstract-socket',
    command: `python3 -c "import socket; s=socket.socket(socket.AF_UNIX); s.connect('\\0reactor-escape'); print('connected')"`,
  },
  { name: 'interfaces', command: 'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " "' },
  {
    name: 'own-loopback',
    command: `node -e "const s=require('node:http').createServer((q,r)=>r.end('own')).listen(0,'127.0.0.1',()=>fetch('http://127.0.0.1:'+s.address().port).then(r=>r.text()).then(t=>{console.log(t);s.close()}))"`,
  },
];
