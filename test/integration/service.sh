# Runs in namespaces of its own (mount, pid, cgroup): a machine with systemd for one user, who installs the service,
# loses the node to a crash and then the power. $1: the repository, $2: the node. What is printed, the test reads.
set -u
mount -t proc proc /proc
mount -t tmpfs none /run && mkdir -p /run/systemd/system /run/user
umount -R /sys/fs/cgroup 2>/dev/null
mount -t cgroup2 none /sys/fs/cgroup || { echo 'skip: no control groups'; exit 0; }
mount -t tmpfs none /mnt && mkdir /mnt/repository /mnt/me
mount --bind "$1" /mnt/repository
export XDG_RUNTIME_DIR=/run/user HOME=/mnt/me
unset XDG_CONFIG_HOME XDG_DATA_HOME DBUS_SESSION_BUS_ADDRESS
for name in $(compgen -e MESH_); do unset "$name"; done
node=$2
home=/mnt/me/home

mesh() { "$node" /mnt/repository/dist/cli/mesh.js "$1" --home "$home" "${@:2}" 2>&1; }
boot() {
  systemd --user --log-target=null 2>/dev/null &
  manager=$!
  until_ 'systemctl --user show-environment >/dev/null 2>&1' || { echo 'skip: systemd --user does not start'; exit 0; }
}
# Waits for a condition, at most a minute.
until_() {
  for _ in $(seq 300); do eval "$1" && return 0; sleep 0.2; done
  return 1
}
ask() { until_ 'mesh ask --quiet "What is 7 times 8?" --peer here >/tmp/answer.$$' ; echo "$1: $(cat /tmp/answer.$$)"; }
# `ask` alone would answer without a node; that the service answers is seen in its counter.
served() { until_ 'mesh status --json | grep -q "\"state\":\"running\""' && ask "$1"; }

mkdir -p "$home"
echo '{"discovery":[],"listen":["127.0.0.1"],"port":0,"startNew":true}' > "$home/config.json"
boot
echo "no service: $(mesh service status --json)"
mesh service install
served 'after install'
mesh service install
echo "status: $(mesh service status --json)"
pid=$(systemctl --user show --property=MainPID --value 'ownmesh*.service')
kill -9 "$pid"
until_ "[ \"\$(systemctl --user show --property=MainPID --value 'ownmesh*.service')\" != $pid ]"
served 'after a crash'
echo "crashed: $(mesh service status --json)"
# The power goes: everything but this script dies at once, and systemd starts anew.
kill -9 -1 2>/dev/null
wait "$manager" 2>/dev/null
rm -rf /run/user/* /sys/fs/cgroup/*.slice /sys/fs/cgroup/*.scope 2>/dev/null
boot
served 'after a reboot'
mesh stop
# Not `auto-restart`: an end that was wished for is one.
until_ "[ \"\$(systemctl --user show --property=SubState --value 'ownmesh*.service')\" = dead ]"
echo "stopped: $(mesh service status --json)"
mesh service install
mesh service uninstall
echo "uninstalled: $(mesh service status --json)"
ls "$HOME/.config/systemd/user"
mesh service uninstall
