"""The benchmark's results: bench_report.py RUNS RECORDS FOLDER

RUNS has a JSON line for each run of each contender. Prints the table of medians, then a JSON line
for each contender; writes bench.md, bench.jsonl (a line per figure) and bench.svg into the folder.
Status 1 if floorwalker or the bare consumer was wrong.
"""

import json
import os
import statistics
import sys
from html import escape
from pathlib import Path

BARE, OURS = "bare-consumer", "floorwalker"
FIGURES = ("events_per_s", "cpu_ns_per_event", "steady_events_per_s", "steady_cpu_ns_per_event",
           "rss_mb", "broker_cpu_ns_per_event", "late_dropped")
PLOTS = (("events_per_s", "events per second"),
         ("cpu_ns_per_event", "CPU of the process, ns per event"),
         ("broker_cpu_ns_per_event", "CPU of the broker meanwhile, ns per event"),
         ("rss_mb", "peak memory, MB"))


def gather(path):
    """{contender: {figure: [value of each run]}}, contenders in the order of their turns."""
    found = {}
    for line in path.read_text().splitlines():
        run = json.loads(line)
        mine = found.setdefault(run.pop("name"), {})
        for figure, value in run.items():
            mine.setdefault(figure, []).append(value)
    return found


def medians(found):
    return {name: {figure: statistics.median(values[figure])
                   for figure in FIGURES if figure in values}
            | {"late_most": max(values.get("late_dropped", [0])),
               "wrong": values["correct"].count(False), "runs": len(values["correct"])}
            for name, values in found.items()}


def number(row, figure):
    return f"{row[figure]:,.0f}" if figure in row else ""


def cells(name, row, bare):
    wrong = "yes" if not row["wrong"] else f"NO, {row['wrong']} of {row['runs']} runs"
    return (name, number(row, "events_per_s"),
            f"{row['events_per_s'] / bare['events_per_s']:.2f}",
            number(row, "steady_events_per_s"), number(row, "cpu_ns_per_event"),
            f"{row['cpu_ns_per_event'] / bare['cpu_ns_per_event']:.1f}",
            number(row, "steady_cpu_ns_per_event"), number(row, "broker_cpu_ns_per_event"),
            number(row, "rss_mb"), number(row, "late_most") if "late_dropped" in row else "",
            wrong)


def table(rows):
    head = ("", "events/s", "of bare", "steady", "CPU ns/event", "times bare", "steady",
            "broker CPU", "RSS MB", "most dropped as late", "correct")
    lines = [head] + [cells(name, row, rows[BARE]) for name, row in rows.items()]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(
        cell.rjust(width) if i else cell.ljust(width)
        for i, (cell, width) in enumerate(zip(line, widths))) + " |" for line in lines)


def ratios(rows):
    """CPU of each peer beside ours, and whether that is what we aim at."""
    return [f"- {name}: {row['cpu_ns_per_event'] / rows[OURS]['cpu_ns_per_event']:.1f} times the "
            "CPU per event of floorwalker"
            for name, row in rows.items() if name not in (BARE, OURS)]


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="ascii")
                  if line.startswith("model name")), "a processor without a name")
    return (f"{os.cpu_count()} cores of {model}, load average {os.getloadavg()[2]:.0f} at the end "
            "of them")


def markdown(rows, records):
    runs = rows[BARE]["runs"]
    text = [f"Medians of {runs} runs in turns over one topic of {records:,} records, "
            f"{machine()}, the broker included.", "", table(rows)]
    if len(rows) > 2:
        text += ["", *ratios(rows)]
    return "\n".join(text) + "\n"


def jsonl(found, records):
    lines = []
    for name, values in found.items():
        for figure in FIGURES:
            if figure in values:
                lines.append({"contender": name, "figure": figure, "records": records,
                              "median": round(statistics.median(values[figure]), 1),
                              "runs": [round(value, 1) for value in values[figure]]})
        lines.append({"contender": name, "figure": "correct", "records": records,
                      "median": all(values["correct"]), "runs": values["correct"]})
    return "".join(json.dumps(line) + "\n" for line in lines)


def contenders(rows):
    """A line each, as CONTRACT has them: medians, and whether every run was right."""
    return "".join(json.dumps(
        {"name": name} | {figure: round(row[figure])
                          for figure in ("events_per_s", "cpu_ns_per_event", "rss_mb")}
        | {"correct": not row["wrong"]}) + "\n" for name, row in rows.items())


ROW, LABEL, BAR, HEAD, GAP = 22, 170, 380, 28, 18
INK, SOFT, OWN, OTHER = "#222222", "#666666", "#1b6ca8", "#b8c4ce"


def text(x, y, words, fill=INK, anchor="start", weight="normal"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" fill="{fill}" text-anchor="{anchor}" '
            f'font-weight="{weight}">{escape(words)}</text>')


def panel(found, figure, title, top):
    """Bars of medians with a line from the least to the most of the runs."""
    out = [text(10, top + 16, title, weight="bold")]
    most = max(max(values[figure]) for values in found.values()) or 1
    for i, (name, values) in enumerate(found.items()):
        y = top + HEAD + i * ROW
        scale = BAR / most
        middle = statistics.median(values[figure])
        low, high = min(values[figure]) * scale, max(values[figure]) * scale
        label = f"{middle:,.0f}" + ("" if all(values["correct"]) else "  wrong results")
        out += [text(LABEL - 8, y + 13, name, anchor="end"),
                f'<rect x="{LABEL}" y="{y + 2}" width="{middle * scale:.1f}" height="14" '
                f'fill="{OWN if name == OURS else OTHER}"/>',
                f'<path d="M{LABEL + low:.1f} {y + 9}H{LABEL + high:.1f}" stroke="{INK}"/>',
                text(LABEL + max(high, middle * scale) + 6, y + 13, label, SOFT)]
    return out


def svg(found, records):
    height = HEAD + len(found) * ROW + GAP
    body = [text(10, 20, f"{records:,} records, medians; thin lines: all runs", SOFT)]
    for i, (figure, title) in enumerate(PLOTS):
        body += panel(found, figure, title, 30 + i * height)
    total = 30 + len(PLOTS) * height
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{total}" '
        f'viewBox="0 0 760 {total}" font-family="sans-serif" font-size="12">',
        f'<rect width="760" height="{total}" fill="#ffffff"/>', *body, "</svg>"]) + "\n"


def main(runs, records, folder):
    found, records, folder = gather(Path(runs)), int(records), Path(folder)
    rows = medians(found)
    page = markdown(rows, records)
    (folder / "bench.md").write_text(page)
    (folder / "bench.jsonl").write_text(jsonl(found, records))
    (folder / "bench.svg").write_text(svg(found, records))
    print(page + contenders(rows), end="")
    return 1 if rows[BARE]["wrong"] or rows[OURS]["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
