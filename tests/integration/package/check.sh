#!/usr/bin/env bash
# check.sh BUILD_FOLDER: the systemd unit is hardened enough; the Debian package made from the build
# installs, upgrades, keeps a changed configuration, removes and purges cleanly. The life of the
# package is played in an overlay of this machine's root that vanishes afterwards; without the right
# to mount one (not root) that part is skipped, visibly.
set -euo pipefail
build=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
unit=$root/deploy/systemd/tocsin.service

exposure=$(systemd-analyze security --offline=yes "$unit" 2>/dev/null |
  sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p')
echo "exposure of the unit: $exposure (at most 2.0)"
awk -v e="$exposure" 'BEGIN { exit !(e != "" && e <= 2.0) }'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$build" && cpack -G DEB -B "$work" >"$work/cpack.log" 2>&1) || { cat "$work/cpack.log"; exit 1; }
deb=$(echo "$work"/tocsin_*.deb)

dpkg-deb -c "$deb" >"$work/contents"
for path in ./usr/bin/tocsin ./etc/tocsin/tocsin.yml ./etc/tocsin/rules/system.yml \
  ./lib/systemd/system/tocsin.service ./usr/share/doc/tocsin/README.md; do
  grep -q " $path\$" "$work/contents" || { echo "the package lacks $path"; exit 1; }
done
if grep -q '_test.yml' "$work/contents"; then
  echo "the package holds tests"
  exit 1
fi
# Every file below /etc is a conffile, and the other way round.
diff <(awk '$6 ~ /^\.\/etc\/.*[^\/]$/ { print substr($6, 2) }' "$work/contents" | sort) \
  <(dpkg-deb -I "$deb" conffiles | sort)

if [ "$(id -u)" -ne 0 ] || ! unshare -m true 2>/dev/null; then
  echo "skipped: the package's life needs root and a mount namespace"
  exit 77
fi
cat >"$work/life.sh" <<'EOF'
set -eu
work=$1
deb=$2
mount -t tmpfs tmpfs "$work/overlay" 2>/dev/null || exit 77
mkdir "$work/overlay/upper" "$work/overlay/work" "$work/overlay/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/overlay/upper,workdir=$work/overlay/work" \
  "$work/overlay/root" 2>/dev/null || exit 77
cp "$deb" "$work/overlay/root/tocsin.deb"
mount -t proc proc "$work/overlay/root/proc"
mount --bind /dev "$work/overlay/root/dev"
chroot "$work/overlay/root" sh -eux <<'INNER'
export DEBIAN_FRONTEND=noninteractive
wanted=/etc/systemd/system/multi-user.target.wants/tocsin.service
dpkg -i /tocsin.deb
# Enabled, though no systemd runs in here; later what the administrator did last stays.
[ -L $wanted ]
getent passwd tocsin
[ "$(stat -c %U:%a /var/lib/tocsin)" = tocsin:750 ]
[ "$(stat -c %U:%G:%a /etc/tocsin)" = root:tocsin:750 ]
runuser -u tocsin -- tocsin check /etc/tocsin/tocsin.yml
runuser -u tocsin -- tocsin version
echo '# ours' >>/etc/tocsin/tocsin.yml
dpkg -i /tocsin.deb
grep -q '# ours' /etc/tocsin/tocsin.yml
[ -L $wanted ]
systemctl disable tocsin.service
dpkg -i /tocsin.deb
[ ! -L $wanted ]
systemctl mask tocsin.service
dpkg -i /tocsin.deb
[ "$(readlink /etc/systemd/system/tocsin.service)" = /dev/null ]
systemctl unmask tocsin.service
systemctl enable tocsin.service
dpkg -i /tocsin.deb
[ -L $wanted ]
echo state >/var/lib/tocsin/kept
dpkg -r tocsin
[ -f /var/lib/tocsin/kept ]
[ -f /etc/tocsin/tocsin.yml ]
[ ! -e /usr/bin/tocsin ]
dpkg -P tocsin
[ ! -e /var/lib/tocsin ]
[ ! -e /etc/tocsin ]
[ ! -L $wanted ]
[ -z "$(find /var/lib/systemd -name 'tocsin*')" ]
! getent passwd tocsin
INNER
EOF
mkdir "$work/overlay"
status=0
unshare -m bash "$work/life.sh" "$work" "$deb" >"$work/life.log" 2>&1 || status=$?
case $status in
  0) echo "the package installs, upgrades, removes and purges" ;;
  77) echo "skipped: no overlay can be mounted here"; exit 77 ;;
  *) cat "$work/life.log"; exit 1 ;;
esac
