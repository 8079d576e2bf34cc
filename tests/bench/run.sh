#!/usr/bin/env bash
# run.sh [latency|rounds|loaded|push|ingest|rules|footprint|promql|rooms]…: measures tocsin on this machine and prints
# Markdown; all of them without arguments.
# run.sh figures [--only ROW,…] [--write FILE] [--folder DATA] [--quick]: the figures that tocsin is judged by, as one
# table, with Prometheus and Alertmanager beside it (figures.py).
# Needs the packages of the groups build and test (deploy/packages.txt). TOCSIN_BINARY names a binary to measure
# instead of building the release preset.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
jobs=${TOCSIN_JOBS:-$(( $(nproc) + 1 ))}
what=("$@")
if [ ${#what[@]} -eq 0 ]; then
  what=(latency rounds loaded push ingest rules footprint promql rooms)
fi

build() {  # preset, target…
  if [ ! -f "build/$1/build.ninja" ]; then
    cmake --preset "$1" >/dev/null
  fi
  ninja -C "build/$1" -j"$jobs" --quiet "${@:2}"
}

binary=${TOCSIN_BINARY:-}
release_binary() {
  if [ -z "$binary" ]; then
    build release tocsin
    binary=$PWD/build/release/tocsin
  fi
}

if [ "${what[0]}" = figures ]; then
  release_binary
  build bench target_server
  exec python3 -B tests/bench/figures.py --tocsin "$binary" "${what[@]:1}"
fi

failed=0
for name in "${what[@]}"; do
  case $name in
    latency | rounds | loaded | push | ingest | rules | footprint)
      release_binary
      script=$name
      arguments=()
      case $name in
        ingest) build bench target_server ;;
        rules)  # ingest, with what rules add to it
          build bench target_server
          script=ingest
          arguments=(--rules 1000 --gzip no --warm-up 90)
          ;;
        loaded)  # latency, beside much else
          build bench target_server
          script=latency
          arguments=(--load 100000 --other-rounds 0 --budget-ms 50)
          ;;
      esac
      python3 -B "tests/bench/$script.py" --tocsin "$binary" "${arguments[@]}" || failed=1
      ;;
    promql)
      build bench promql_server
      python3 -B tests/bench/promql_prometheus.py || failed=1
      ;;
    rooms)
      build bench tests/bench/all
      for program in build/bench/bench/*_bench; do
        "$program" --benchmark_min_time=0.2 || failed=1
      done
      ;;
    *)
      echo "usage: tests/bench/run.sh [latency|rounds|loaded|push|ingest|rules|footprint|promql|rooms]…" >&2
      echo "       tests/bench/run.sh figures [--only ROW,…] [--write FILE] [--folder DATA] [--quick]" >&2
      exit 2
      ;;
  esac
  echo
done
exit $failed
