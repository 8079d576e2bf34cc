#!/usr/bin/env bash
# boot.sh FOLDER DEB: the first process of new namespaces. Lays an overlay over this machine's root,
# installs the package there, and becomes systemd, which then starts nothing but tocsin. Writes
# "cannot mount" when this machine does not allow it.
set -eu
overlay=$1
deb=$2
mount --make-rprivate /
root=$overlay/root
{
  mount -t tmpfs tmpfs "$overlay"
  mkdir "$overlay/upper" "$overlay/work" "$root"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$overlay/upper,workdir=$overlay/work" "$root"
  mount -t proc proc "$root/proc"
  mount --bind "$root/proc/sys" "$root/proc/sys"
  mount -o remount,bind,ro "$root/proc/sys"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  mount -t tmpfs tmpfs "$root/run"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
} || { echo "cannot mount"; exit 1; }
while read -r name major minor; do
  mknod -m 666 "$root/dev/$name" c "$major" "$minor"
done <<'NODES'
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
NODES
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
cp "$deb" "$root/tocsin.deb"
chroot "$root" dpkg -i /tocsin.deb
# Images of containers forbid packages to start anything; in here systemd does run.
rm -f "$root/usr/sbin/policy-rc.d"
# Nothing of this machine starts in there, and nothing may set its clock or load modules.
rm -rf "$root"/etc/systemd/system/*.wants "$root"/lib/systemd/system/*.wants
: >"$root/etc/fstab"
mkdir "$root/etc/systemd/system/multi-user.target.wants"
ln -s /lib/systemd/system/tocsin.service "$root/etc/systemd/system/multi-user.target.wants/"
ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
# Health checks and the second daemon go over the loopback of this network namespace.
python3 - <<'UP'
import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    request = struct.pack("16sH14s", b"lo", 1, b"")
    flags = struct.unpack("16sH14s", fcntl.ioctl(s, 0x8913, request))[1]
    fcntl.ioctl(s, 0x8914, struct.pack("16sH14s", b"lo", flags | 1, b""))
UP
cd "$root"
exec chroot . env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  setpriv --bounding-set=-sys_time,-sys_boot,-sys_module,-sys_rawio \
  /lib/systemd/systemd --log-target=console
