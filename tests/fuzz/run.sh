#!/usr/bin/env bash
# run.sh TARGET SECONDS SEEDS: runs a fuzz target of build/fuzz for so long, from what the program
# SEEDS writes into a folder: the expressions of the project's scripts and, where it exists, of the
# conformance data. Exit code 77: skipped. What makes the target fail is left in build/fuzz/fuzz.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=$1
seconds=$2
seeds=$3
folder=build/fuzz/fuzz
if [ ! -x "$folder/fuzz_$target" ]; then
  echo "skipped: build it with cmake --preset fuzz && ninja -C build/fuzz fuzz_$target (clang 19)"
  exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/seeds" "$scratch/found"
"$seeds" "$scratch/seeds"
# A fault's own exit code would be 77, too. The same start each time, so that a run of CI says
# something about the change and not about chance; long runs by hand take others.
# Slow machines are slow under the sanitizers too: what hangs takes longer than 25 s.
"$folder/fuzz_$target" -max_total_time="$seconds" -error_exitcode=1 -seed=1 -timeout=25 \
  -rss_limit_mb=2048 -max_len=400 -print_final_stats=1 -verbosity=0 -artifact_prefix="$folder/$target-" \
  "$scratch/found" "$scratch/seeds"
