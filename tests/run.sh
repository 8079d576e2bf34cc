#!/usr/bin/env bash
# run.sh [dev|asan|tsan|clang|tidy]: installs the packages it lacks, builds that preset and runs
# the tests. Without an argument: dev, with the PromQL fuzz targets for 20 s each, and then the rooms
# with threads under the thread sanitizer.
# tidy checks the formatting and builds with clang-tidy; it runs no tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=${1:-dev}
jobs=${TOCSIN_JOBS:-$(( $(nproc) + 1 ))}

case $preset in
  dev | asan | tsan | clang | tidy) ;;
  *)
    echo "usage: tests/run.sh [dev|asan|tsan|clang|tidy]" >&2
    exit 2
    ;;
esac

deploy/install-packages.sh build package test clang

if [ -z "${TOCSIN_CONFORMANCE_DIR:-}" ] && [ ! -d ../shared/conformance ]; then
  echo "note: no conformance data (TOCSIN_CONFORMANCE_DIR is not set): those tests will be skipped"
fi
# Leaks of third-party libraries at exit are not ours to report; everything else is.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1}
export LSAN_OPTIONS=${LSAN_OPTIONS:-print_suppressions=0}

build() {  # build PRESET [TARGET…]
  local name=$1
  shift
  cmake --preset "$name" >"build-$name.log" 2>&1 || { cat "build-$name.log"; return 1; }
  rm -f "build-$name.log"
  ninja -C "build/$name" -j"$jobs" --quiet "$@"
}

if [ "$preset" = tidy ]; then
  find daemon include tests \( -name '*.h' -o -name '*.hpp' -o -name '*.cc' \) -print0 |
    xargs -0 clang-format-19 --dry-run -Werror
fi
build "$preset"
[ "$preset" != tidy ] || exit 0
if [ "$preset" = dev ]; then
  build fuzz fuzz_promql_parse fuzz_promql_evaluate  # run by ctest for a short time
fi
ctest --test-dir "build/$preset" --output-on-failure -j"$(nproc)"

if [ "$preset" = dev ]; then
  echo "the rooms with threads, under the thread sanitizer"
  build tsan unit_async unit_journal unit_series
  ctest --test-dir build/tsan --output-on-failure -j"$(nproc)" -R '^unit_(async|journal|series)/'
fi
