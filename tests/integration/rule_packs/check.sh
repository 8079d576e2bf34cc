#!/usr/bin/env bash
# check.sh: Debian's promtool accepts every shipped rule pack and passes its tests, and each alert
# carries what the notices are built from.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../../rules"
for pack in *.yml; do
  case $pack in
    *_test.yml) promtool test rules "$pack" ;;
    *)
      promtool check rules "$pack"
      [ -f "${pack%.yml}_test.yml" ] || { echo "$pack has no test" >&2; exit 1; }
      ;;
  esac
done
python3 - *.yml <<'PY'
import sys, yaml
bad = 0
for name in sys.argv[1:]:
    if name.endswith("_test.yml"):
        continue
    for group in yaml.safe_load(open(name))["groups"]:
        for rule in group["rules"]:
            if "alert" not in rule:
                continue
            for part, keys in (("labels", ("severity", "category")),
                               ("annotations", ("summary", "description", "impact"))):
                for key in keys:
                    if not rule.get(part, {}).get(key):
                        print(f"{name}: {rule['alert']} has no {part[:-1]} {key}")
                        bad += 1
sys.exit(1 if bad else 0)
PY
