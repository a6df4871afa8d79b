"""The results of cost curves: curves_report.py RUNS FOLDER; RUNS as curves.py prints them.

Prints a table for each curve, of medians; writes curves.md, curves.jsonl (a line per point) and
curves.svg into the folder. Status 1 if a run was not correct.
"""

import json
import math
import os
import statistics
import sys
from html import escape
from pathlib import Path

FIGURES = ("cpu_ns_per_event", "events_per_s", "rss_mb", "open", "scopes", "bytes")
HEADS = ("CPU ns/event", "of the first", "events/s", "RSS MB", "open at most", "scopes",
         "bytes", "correct")


def gather(path):
    """{axis: {x: a row of medians}}, both in the order in which they were measured."""
    runs = {}
    for line in path.read_text().splitlines():
        run = json.loads(line)
        runs.setdefault(run["axis"], {}).setdefault(run["x"], []).append(run)
    return {axis: {x: point(rows) for x, rows in points.items()} for axis, points in runs.items()}


def point(rows):
    first = rows[0]
    out = {"axis": first["axis"], "title": first["title"], "x": first["x"],
           "records": first["records"], "runs": [round(r["cpu_ns_per_event"]) for r in rows]}
    for figure in FIGURES:
        if figure in first:
            out[figure] = round(statistics.median(r[figure] for r in rows), 1)
    if "correct" in first:
        out["correct"] = all(r["correct"] for r in rows)
    return out


def table(points):
    rows = list(points.values())
    base = rows[0]["cpu_ns_per_event"]
    lines = [(rows[0]["title"], *HEADS)]
    for row in rows:
        told = [f"{row[f]:,.0f}" if f in row else "" for f in FIGURES]
        correct = {None: "", True: "yes", False: "NO"}[row.get("correct")]
        lines.append((f"{row['x']:,}", told[0], f"{row['cpu_ns_per_event'] / base:.2f}",
                      *told[1:], correct))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(c.rjust(w) for c, w in zip(line, widths)) + " |"
                     for line in lines)


WIDTH, HEIGHT, LEFT, TOP, COLUMNS = 250, 130, 52, 34, 3
INK, SOFT, OWN, OTHER = "#222222", "#666666", "#1b6ca8", "#c46a1b"


def text(x, y, words, fill=INK, anchor="start", weight="normal"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" fill="{fill}" text-anchor="{anchor}" '
            f'font-weight="{weight}">{escape(words)}</text>')


def line(rows, figure, colour, left, top):
    """Logarithmic across, from zero upwards; its greatest value is written beside it."""
    low, high = (math.log10(f(r["x"] for r in rows)) for f in (min, max))
    most = max(r[figure] for r in rows)
    places = [(left + (math.log10(r["x"]) - low) / ((high - low) or 1) * WIDTH,
               top + HEIGHT - r[figure] / most * HEIGHT) for r in rows]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
            *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)]


def panel(points, left, top):
    rows = list(points.values())
    cpu, rss = (max(r[f] for r in rows) for f in ("cpu_ns_per_event", "rss_mb"))
    return [text(left, top - 20, rows[0]["title"], weight="bold"),
            text(left, top - 6, f"to {cpu:,.0f} ns", OWN),
            text(left + WIDTH, top - 6, f"to {rss:,.0f} MB", OTHER, "end"),
            f'<path d="M{left} {top}V{top + HEIGHT}H{left + WIDTH}" fill="none" '
            f'stroke="{SOFT}"/>',
            *line(rows, "cpu_ns_per_event", OWN, left, top),
            *line(rows, "rss_mb", OTHER, left, top),
            text(left, top + HEIGHT + 16, f"{rows[0]['x']:,}", SOFT),
            text(left + WIDTH, top + HEIGHT + 16, f"{rows[-1]['x']:,}", SOFT, "end")]


def svg(found):
    rows = -(-len(found) // COLUMNS)
    width, height = COLUMNS * (WIDTH + LEFT) + 20, 30 + rows * (HEIGHT + 80)
    body = [text(10, 20, "CPU of the process for each event (blue), peak of its memory (brown)",
                 SOFT)]
    for i, points in enumerate(found.values()):
        body += panel(points, 20 + i % COLUMNS * (WIDTH + LEFT),
                      TOP + 36 + i // COLUMNS * (HEIGHT + 80))
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>', *body, "</svg>"]) + "\n"


def main(runs, folder):
    found, folder = gather(Path(runs)), Path(folder)
    page = (f"{os.cpu_count()} cores, the broker included; load average "
            f"{os.getloadavg()[2]:.0f} at the end.\n\n"
            + "\n\n".join(table(points) for points in found.values()) + "\n")
    (folder / "curves.md").write_text(page)
    (folder / "curves.svg").write_text(svg(found))
    points = [p for axis in found.values() for p in axis.values()]
    (folder / "curves.jsonl").write_text("".join(json.dumps(p) + "\n" for p in points))
    print(page, end="")
    return 0 if all(p.get("correct", True) for p in points) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
