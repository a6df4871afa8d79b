"""Sums a demo up: summary.py METRICS ALERTS. Status 0 if a breach and a spike came out, else 1."""

import json
import re
import sys
from collections import Counter

SAMPLE = re.compile(r'^(floorwalker_\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="([^"]*)"')


def samples(path):
    """(name, labels, value) of a page in Prometheus' format."""
    with open(path) as page:
        for line in page:
            found = SAMPLE.match(line.strip())
            if found:
                yield found[1], dict(LABEL.findall(found[2] or "")), float(found[3])


def told(path):
    """Transitions of alerts, as `floorwalker tail --json` printed them."""
    with open(path) as lines:
        for line in lines:
            if line.startswith("{"):
                try:
                    yield json.loads(line)
                except json.JSONDecodeError:  # the last one may be cut short
                    pass


def main(metrics, alerts):
    page = list(samples(metrics))
    plain = {name: value for name, labels, value in page if not labels}
    commit = {labels["quantile"]: value for name, labels, value in page
              if name == "floorwalker_commit_seconds" and "quantile" in labels}
    kinds = Counter((a["kind"], a["transition"]) for a in told(alerts))
    print("\n== summary ==")
    print(f"events applied          {plain.get('floorwalker_interaction_events_total', 0):.0f}")
    print(f"  of them known already {plain.get('floorwalker_interaction_duplicates_total', 0):.0f}")
    print(f"open interactions       {plain.get('floorwalker_open_interactions', 0):.0f}")
    print("commit                  p50 {:.0f} ms, p99 {:.0f} ms".format(
        commit.get("0.5", 0) * 1000, commit.get("0.99", 0) * 1000))
    print("alerts by kind and transition")
    for (kind, transition), count in sorted(kinds.items()):
        print(f"  {kind:<24}{transition:<12}{count:>6}")
    print("dead letters by reason")
    for name, labels, value in page:
        if name == "floorwalker_dead_letters_total":
            print(f"  {labels['reason']:<36}{value:>6.0f}")
    breached = any(k in ("ITEM_BREACH", "OBJECTIVE_BREACH") for k, _ in kinds)
    spiked = any(k == "DEMAND_SPIKE" for k, _ in kinds)
    if not breached:
        print("no SLA breach came out")
    if not spiked:
        print("no demand spike came out")
    return 0 if breached and spiked else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
