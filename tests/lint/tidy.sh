#!/usr/bin/env bash
# tidy.sh CLANG_TIDY OPTION… SOURCE -- COMPILER ARGUMENT…: clang-tidy, which remembers what it found
# clean, as ccache remembers objects: the same checks on the same preprocessed text, comments
# included, are not made again, in whatever checkout. Called by CMake for each file of preset tidy.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
known=${XDG_CACHE_HOME:-$HOME/.cache}/tocsin-tidy
checker=("$@")
compiler=()
for i in "${!checker[@]}"; do
  if [ "${checker[$i]}" = -- ]; then
    compiler=("${checker[@]:$((i + 1))}")
    break
  fi
done
[ ${#compiler[@]} -gt 0 ] || exec "$@"

preprocess=()
skip=0
for argument in "${compiler[@]}"; do
  if [ $skip = 1 ]; then
    skip=0
    continue
  fi
  case $argument in
    -c | -MD) ;;
    -o | -MT | -MF) skip=1 ;;
    *) preprocess+=("$argument") ;;
  esac
done
key=$({
  "$1" --version
  cat "$root/.clang-tidy"
  printf '%s\n' "${checker[@]}"
  "${preprocess[@]}" -E -C
} 2>&1 | sed "s|$root||g" | sha256sum | cut -d' ' -f1)

if [ -e "$known/$key" ]; then
  touch "$known/$key"  # so that what nobody asks for any more can be found by age
  exit 0
fi
"$@"
mkdir -p "$known"
: >"$known/$key"
