# shellcheck shell=sh
# Read by the first process of the guest kernel: makes its own places over the machine's files, which are read-only.
export PATH="$(dirname "$REACTOR_GUEST_NODE"):/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
ln -s /proc/self/fd /dev/fd
mkdir /run/results
mount -t hostfs -o "$REACTOR_GUEST_RESULTS" results /run/results
mount -t tmpfs -o mode=1777 tmpfs /tmp
# What is in the temporary folder of the machine is no longer to be seen.
for folder in "$REACTOR_GUEST_ROOT" "$(dirname "$REACTOR_GUEST_NODE")"; do
  [ -e "$folder" ] || { mkdir -p "$folder" && mount -t hostfs -o "$folder" -r machine "$folder"; }
done
# The guest's own setting: each of its processes is one of the machine, too.
echo 4000 >/proc/sys/kernel/pid_max
# As systemd mounts it.
mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
ip link set lo up 2>/dev/null || ifconfig lo up
export HOME=/tmp/home TMPDIR=/tmp TERM=dumb
mkdir -p "$HOME" /tmp/doctor
chown "$REACTOR_GUEST_USER_ID" "$HOME" /tmp/doctor
mkswap /dev/ubda >/dev/null && swapon /dev/ubda
cd "$REACTOR_GUEST_ROOT" || exit
worst=0

# FILE [ARGS]: the tests of a file.
tests() {
  "$REACTOR_GUEST_NODE" node_modules/mocha/bin/mocha.js --timeout 300000 "$@" || worst=$?
}

# The first process may not end.
turn_off() {
  echo "$worst" >/run/results/exit
  sync
  echo o >/proc/sysrq-trigger
  sleep 60
}
