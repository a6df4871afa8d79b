"""The results of latency.sh: latency_report.py RUNS FOLDER

RUNS has a JSON line for each load. Prints a table, then a JSON line for each figure; writes both
into the folder, as latency.md and latency.jsonl. Status 1 if a load had no alert to measure.
"""

import json
import os
import sys
from pathlib import Path

# What it is, and what its p99 is to be at half load.
FIGURES = (("event", "an event's log time to the alert in hand", 400),
           ("deadline", "a deadline plus grace to the alert in hand", 500),
           ("objective", "an objective's step to the alert in hand", 2000),
           ("sites", "an event's own time to its log time", None))
AT = ("p50", "p99", "p99.9", "max")
COSTS = ("cpu_ns_per_event", "broker_cpu_ns_per_event")


def rows(runs):
    for run in runs:
        for name, meaning, aim in FIGURES:
            yield run, meaning, aim, {"percent": run["percent"],
                                      "events_per_s": run["events_per_s"],
                                      "came_per_s": run["came_per_s"], "figure": name,
                                      **run[name]}


def costs(runs):
    return "".join(f"- {run['percent']} %: an event takes {run[COSTS[0]]:,} ns of CPU, and "
                   f"{run[COSTS[1]]:,} ns of the broker's\n" for run in runs)


def table(runs):
    lines = [("load", "ms from", *AT, "of", "aim for p99")]
    for run, meaning, aim, row in rows(runs):
        load = (f"{run['percent']} %, {run['events_per_s']:,}/s, "
                f"came {run['came_per_s']:,}/s")
        lines.append((load, meaning, *(f"{row[at]:,}" if at in row else "" for at in AT),
                      f"{row['count']:,}", f"{aim:,}" if aim and run["percent"] == 50 else ""))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join("| " + " | ".join(
        cell.rjust(width) if i > 1 else cell.ljust(width)
        for i, (cell, width) in enumerate(zip(line, widths))) + " |" for line in lines)


def main(path, folder):
    runs = [json.loads(line) for line in Path(path).read_text().splitlines()]
    text = (f"Load, processor, broker and listener share {os.cpu_count()} cores; load average "
            f"{os.getloadavg()[2]:.0f} at the end. Ends of alerts whose event was not found: "
            f"{sum(run['not_found'] for run in runs):,}.\n\n{table(runs)}\n\n{costs(runs)}")
    lines = "".join(json.dumps(row) + "\n" for _, _, _, row in rows(runs)) + "".join(
        json.dumps({"percent": run["percent"], "figure": cost, "ns": run[cost]}) + "\n"
        for run in runs for cost in COSTS)
    (Path(folder) / "latency.md").write_text(text)
    (Path(folder) / "latency.jsonl").write_text(lines)
    print(text + "\n" + lines, end="")
    sys.exit(any(run[name]["count"] == 0 for run in runs for name, _, _ in FIGURES))


if __name__ == "__main__":
    main(*sys.argv[1:])
