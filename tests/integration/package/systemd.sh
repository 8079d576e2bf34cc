#!/usr/bin/env bash
# systemd.sh BUILD_FOLDER: systemd itself runs the shipped unit, with all of its restrictions, and
# every collector works in there. The Debian package is installed into an overlay of this machine's
# root, and systemd is started as the first process of namespaces of its own, in a cgroup of its
# own; all of it vanishes afterwards. Where that may not be done (not root, no cgroup2) the test is
# skipped.
set -euo pipefail
build=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

skip() {
  echo "skipped: $1"
  exit 77
}
fail() {
  echo "failed: $1" >&2
  exit 1
}

[ "$(id -u)" -eq 0 ] || skip "starting systemd needs root"
[ -x /lib/systemd/systemd ] || skip "systemd is not installed"
tree=$(findmnt -n -o TARGET -t cgroup2 | head -n 1)
[ -n "$tree" ] || skip "there is no cgroup2 here"
group=$tree/tocsin-test-$$
mkdir "$group" 2>/dev/null || skip "no cgroup may be made here"

work=$(mktemp -d)
booted=
finish() {
  [ -z "$booted" ] || kill -KILL "$booted" 2>/dev/null || true
  wait 2>/dev/null || true
  for _ in $(seq 50); do
    find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
    [ -d "$group" ] || break
    sleep 0.1
  done
  rm -rf "$work"
}
trap finish EXIT

(cd "$build" && cpack -G DEB -B "$work" >"$work/cpack.log" 2>&1) || { cat "$work/cpack.log"; exit 1; }
mkdir "$work/overlay"
(
  echo "$BASHPID" >"$group/cgroup.procs"
  exec unshare --mount --pid --fork --ipc --uts --net --cgroup --kill-child \
    bash "$here/boot.sh" "$work/overlay" "$(echo "$work"/tocsin_*.deb)"
) >"$work/boot.log" 2>&1 &
booted=$!

first=
for _ in $(seq 200); do
  first=$(cut -d ' ' -f 1 "/proc/$booted/task/$booted/children" 2>/dev/null || true)
  if [ -n "$first" ] && [ "$(cat "/proc/$first/comm" 2>/dev/null)" = systemd ]; then
    break
  fi
  first=
  if ! kill -0 "$booted" 2>/dev/null; then
    grep -q 'cannot mount' "$work/boot.log" && skip "$(cat "$work/boot.log")"
    cat "$work/boot.log"
    fail "systemd did not start"
  fi
  sleep 0.1
done
[ -n "$first" ] || fail "systemd did not start"

inside() {
  nsenter -t "$first" --mount --pid --net --cgroup --uts --ipc --root --wd "$@"
}
show() {
  inside systemctl show --value -p "$1" tocsin.service
}
within() {  # within SECONDS COMMAND…
  local tries=$(($1 * 10))
  shift
  for _ in $(seq "$tries"); do
    if "$@" >/dev/null 2>&1; then
      return 0
    fi
    sleep 0.1
  done
  return 1
}
is() { [ "$(show "$1")" = "$2" ]; }

within 20 is ActiveState active || { inside systemctl status --no-pager tocsin.service; fail "not active"; }
echo "systemd says: $(show StatusText)"
[ "$(show ConfigurationDirectoryMode)" = "0$(inside stat -c %a /etc/tocsin)" ] ||
  fail "unit and package differ about the mode of /etc/tocsin"
main=$(show MainPID)
status=$(inside cat "/proc/$main/status")
for line in 'Seccomp:[[:space:]]*2' 'NoNewPrivs:[[:space:]]*1' 'CapEff:[[:space:]]*0*$'; do
  grep -q "^$line" <<<"$status" || fail "not restricted: $line"
done

# Sanitizers bring an allocator of their own.
if grep -q '\[madvise\]' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null &&
  ! grep -q '^TOCSIN_SANITIZE:[A-Z]*=.' "$build/CMakeCache.txt"; then
  heap=$(inside sed -n '/\[heap\]/,/^VmFlags/p' "/proc/$main/smaps")
  grep -q '^VmFlags:.* hg' <<<"$heap" || fail "the heap does not ask for large pages"
fi

# The same binary beside it, without the unit's restrictions, says what there is to be seen.
inside sh -c 'mkdir -p /tmp/free && exec setsid tocsin run --config /etc/tocsin/tocsin.yml \
  --listen 127.0.0.1:9747 --storage sqlite:/tmp/free/tocsin.db >/tmp/free/log 2>&1' &
disown
names() {
  inside tocsin query --server "http://127.0.0.1:$1" "$2" | tail -n +2 | sed 's/  [0-9T: Z-]*$//' | sort
}
every='count by (__name__) ({__name__=~"node_.+"})'
enough() { [ "$(names "$1" "$every" | wc -l)" -gt 50 ]; }
within 30 enough 9746 || fail "no metrics from the unit"
within 30 enough 9747 || fail "no metrics without the unit"
sleep 6  # a second poll of both
diff <(names 9746 "$every" | sed 's/ .*//') <(names 9747 "$every" | sed 's/ .*//') ||
  fail "the unit's restrictions hide metrics"
diff <(names 9746 node_filesystem_readonly) <(names 9747 node_filesystem_readonly) ||
  fail "node_filesystem_readonly speaks of the sandbox instead of the machine"
echo "$(names 9746 "$every" | wc -l) metrics of the machine, the same with and without the restrictions"

loaded_at() {
  inside curl -fs http://127.0.0.1:9746/metrics |
    sed -n 's/^tocsin_config_last_reload_success_timestamp_seconds //p'
}
before=$(loaded_at)
again() { [ "$(loaded_at)" != "$before" ]; }
inside systemctl reload tocsin.service || fail "reload"
within 10 again || fail "the configuration was not loaded again"
inside kill -KILL "$main"
within 20 is NRestarts 1 && within 20 is ActiveState active || fail "not started again after a crash"
echo "reloads, and comes back after kill -9"

# A loop that does not turn: the watchdog ends it. Shortened from half a minute. Where the address
# sanitizer is in, it looks for leaks at the end by ptrace, which the unit forbids.
inside sh -c 'mkdir -p /run/systemd/system/tocsin.service.d &&
  printf "[Service]\nWatchdogSec=2s\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n" \
    >/run/systemd/system/tocsin.service.d/test.conf &&
  systemctl daemon-reload && systemctl restart tocsin.service'
sleep 5
is NRestarts 0 && is ActiveState active || fail "the watchdog bites a healthy daemon"
inside kill -STOP "$(show MainPID)"
within 20 is NRestarts 1 && within 20 is ActiveState active || fail "the watchdog does not bite"
echo "the watchdog ends it when it hangs, and only then"

started=$SECONDS
inside systemctl stop tocsin.service
[ $((SECONDS - started)) -le 5 ] && is Result success || fail "does not stop in order"
echo "stops in order"

upgrade() {
  inside dpkg -i /tocsin.deb >"$work/upgrade.log" 2>&1 || { cat "$work/upgrade.log"; fail "upgrade"; }
}
inside systemctl disable --quiet tocsin.service
upgrade
is ActiveState inactive && is UnitFileState disabled || fail "an upgrade starts what was disabled"
inside systemctl enable --now --quiet tocsin.service
main=$(show MainPID)
upgrade
within 20 is ActiveState active && is UnitFileState enabled || fail "not running after an upgrade"
[ "$(show MainPID)" != "$main" ] || fail "an upgrade does not restart it"
echo "an upgrade restarts it, and leaves it alone when it was disabled"
