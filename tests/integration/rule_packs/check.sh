#!/usr/bin/env bash
# check.sh: Debian's promtool accepts every shipped rule pack and passes its tests, each alert carries
# what the notices are built from, and a test expects it to fire with its labels and annotations.
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

def expected_to_fire(pack):
    tests = yaml.safe_load(open(pack.removesuffix(".yml") + "_test.yml"))["tests"]
    cases = [case for test in tests for case in test.get("alert_rule_test", [])]
    return {
        case["alertname"]
        for case in cases
        if any(alert.get("exp_labels") and alert.get("exp_annotations")
               for alert in case.get("exp_alerts") or [])
    }

bad = 0
for name in sys.argv[1:]:
    if name.endswith("_test.yml"):
        continue
    fires = expected_to_fire(name)
    for group in yaml.safe_load(open(name))["groups"]:
        for rule in group["rules"]:
            if "alert" not in rule:
                continue
            if rule["alert"] not in fires:
                print(f"{name}: no alert_rule_test expects {rule['alert']} to fire")
                bad += 1
            for part, keys in (("labels", ("severity", "category")),
                               ("annotations", ("summary", "description", "impact"))):
                for key in keys:
                    if not rule.get(part, {}).get(key):
                        print(f"{name}: {rule['alert']} has no {part[:-1]} {key}")
                        bad += 1
sys.exit(1 if bad else 0)
PY
