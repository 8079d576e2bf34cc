#!/usr/bin/env bash
# containers.sh BUILD_FOLDER: what the Dockerfile and the Kubernetes manifest say runs as they say
# it, without either of them: in an overlay of this machine's root, in namespaces of its own, as
# their user, with their arguments, files, restrictions and probes. Skipped where it may not mount.
set -euo pipefail
build=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ "$(id -u)" -ne 0 ] || ! unshare --mount --net true 2>/dev/null; then
  echo "skipped: this needs root and namespaces"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$build" && cpack -G DEB -B "$work" >"$work/cpack.log" 2>&1) || { cat "$work/cpack.log"; exit 1; }
mkdir "$work/overlay"
unshare --mount --net --pid --fork --kill-child \
  python3 "$here/containers.py" "$here/../../../deploy" "$work/overlay" "$(echo "$work"/tocsin_*.deb)"
