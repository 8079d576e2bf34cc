#!/usr/bin/env bash
# install-packages.sh GROUP…: installs the Debian packages of the groups in packages.txt that are
# missing. Does nothing, and needs no rights, when all are there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

missing=()
for group in "$@"; do
  while read -r name; do
    if [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" != installed ]; then
      missing+=("$name")
    fi
  done < <(awk -v group="$group" '$1 == group { print $2 }' "$here/packages.txt")
done
[ ${#missing[@]} -gt 0 ] || exit 0

run=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "these packages are missing, and installing them needs root: ${missing[*]}" >&2
    exit 1
  fi
  run=(sudo)
fi
echo "installing ${#missing[@]} packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# RUNLEVEL=1 keeps the packages' own services from starting: the tests start what they need.
"${run[@]}" apt-get update -qq
"${run[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
