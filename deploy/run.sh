#!/usr/bin/env bash
# run.sh [--demo] [tocsin run options…]: builds tocsin and runs it in the foreground on
# config/tocsin.yml, with its state in .tocsin/ of this checkout. Ctrl-C ends it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs=${TOCSIN_JOBS:-$(( $(nproc) + 1 ))}

usage() {
  cat <<'EOF'
usage: deploy/run.sh [--demo] [options of `tocsin run`]
  Installs the Debian packages that the build lacks, builds the release preset, and starts tocsin
  in the foreground on config/tocsin.yml. Its state is kept in .tocsin/ of this checkout.
  --demo   instead: a shop whose partner orders fail, the notices, kill -9 and the same incident
EOF
}

demo=no
options=()
for argument in "$@"; do
  case $argument in
    --demo) demo=yes ;;
    -h | --help) usage; exit 0 ;;
    *) options+=("$argument") ;;
  esac
done

if [ "$demo" = no ]; then
  echo "Nothing leaves this machine: notices go to the log below, until config/tocsin.yml names a receiver."
else
  echo "Nothing leaves this machine: the demo's shop, its notices and its state are local."
fi

deploy/install-packages.sh build
if [ ! -f build/release/build.ninja ]; then
  cmake --preset release >/dev/null
fi
echo "building (the first time takes some minutes) …"
ninja -C build/release -j"$jobs" --quiet tocsin

# As the unit has it, which says why.
tunables=$(sed -n 's/^Environment=GLIBC_TUNABLES=//p' deploy/systemd/tocsin.service)
export GLIBC_TUNABLES=${GLIBC_TUNABLES:-$tunables}
mkdir -p .tocsin
if [ "$demo" = yes ]; then
  exec deploy/demo.sh
fi
exec build/release/tocsin run --config config/tocsin.yml --storage "sqlite:$PWD/.tocsin/tocsin.db" \
  ${options[@]+"${options[@]}"}
