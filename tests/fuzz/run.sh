#!/usr/bin/env bash
# run.sh TARGET SECONDS: runs a fuzz target of build/fuzz for so long, from the seeds of the project
# and, where it exists, of the conformance data. Exit code 77: skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=$1
seconds=$2
folder=build/fuzz/fuzz
if ! command -v clang++-19 >/dev/null; then
  echo "skipped: fuzzing needs clang++-19"
  exit 77
fi
if [ ! -x "$folder/fuzz_$target" ] || [ ! -x "$folder/fuzz_promql_seeds" ]; then
  echo "skipped: build it with cmake --preset fuzz && ninja -C build/fuzz fuzz_$target fuzz_promql_seeds"
  exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/seeds" "$scratch/found"
"$folder/fuzz_promql_seeds" "$scratch/seeds"
"$folder/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=400 \
  -print_final_stats=1 -artifact_prefix="$folder/" "$scratch/found" "$scratch/seeds"
