#!/usr/bin/env bash
# demo.sh: the demonstration behind `deploy/run.sh --demo`; expects build/release/tocsin.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tocsin=${TOCSIN:-build/release/tocsin}
state=.tocsin/demo
log=$state/tocsin.log
rm -rf "$state"
mkdir -p "$state"

shop=
daemon=
finish() {
  [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
  [ -z "$shop" ] || kill "$shop" 2>/dev/null || true
  wait 2>/dev/null || true
}
trap finish EXIT

start_daemon() {
  "$tocsin" run --config deploy/demo.yml --storage "sqlite:$PWD/$state/tocsin.db" >>"$log" 2>&1 &
  daemon=$!
  for _ in $(seq 100); do
    if "$tocsin" query --server http://127.0.0.1:9748 1 >/dev/null 2>&1; then
      return
    fi
    sleep 0.05
  done
  echo "tocsin did not start:" >&2
  cat "$log" >&2
  exit 1
}

wait_for() {  # wait_for PATTERN SECONDS
  for _ in $(seq $(( $2 * 10 ))); do
    if grep -q "$1" "$log"; then
      return 0
    fi
    sleep 0.1
  done
  echo "did not happen within $2 s: $1" >&2
  tail -20 "$log" >&2
  return 1
}

echo
echo "1. A shop is open on 127.0.0.1:9749; in 5 s its partner begins to refuse orders."
"$tocsin" demo shop --listen 127.0.0.1:9749 --healthy-seconds 5 --failing-seconds 600 \
  --failures-per-second 150 >"$state/shop.log" 2>&1 &
shop=$!
start_daemon
echo "2. tocsin polls it every second. The rule, from rules/integration.yml:"
echo
grep -A 2 'alert: PartnerCallsFailing' rules/integration.yml | sed 's/^ */      /'
echo
echo "   Failures grow by 150 a second; waiting until they pass 1,000 …"
wait_for 'notice delivered' 45
echo
echo "3. What happened, in tocsin's log (since_sample_ms: since the scrape's last byte):"
echo
grep -E 'alert fired|incident opened|notice delivered' "$log" | sed 's/^/   /'
echo
echo "4. The notice, as the log receiver got it:"
echo
sed -n 's/^.*NOTICE //p' "$log" | fold -s -w 96 | sed 's/^/   /'
echo
"$tocsin" incident list --server http://127.0.0.1:9748
echo
echo "5. kill -9 $daemon, and a new start on the same state:"
kill -9 "$daemon"
wait "$daemon" 2>/dev/null || true
start_daemon
wait_for 'restored from the journal' 5
grep 'restored from the journal' "$log" | sed 's/^/   /'
echo
"$tocsin" incident list --server http://127.0.0.1:9748
echo
echo "The same incident, and nobody was told twice: $(grep -c 'notice delivered' "$log") notice(s) in all."
echo "That was the demo. Start tocsin on this machine with deploy/run.sh."
