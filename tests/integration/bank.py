"""The calls of the Anonymous Bank (January 1999) as interaction events, and their truth file."""

import csv
import gzip
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("FLOORWALKER_BANK_DATA")
              or ROOT.parent / "shared" / "data" / "anonymous_bank_1999")
TYPES = {"queued": "QUEUED", "answered": "ANSWERED", "abandoned": "ABANDONED",
         "ended": "DISCONNECTED"}
HALF_HOUR_MS = 30 * 60 * 1000
WEEK_S = 7 * 86400


def available():
    return (FOLDER / "events_january.csv.gz").exists()


def events(first_week=False):
    """Every event in the order of time, as dicts of InteractionEvent fields."""
    out = []
    with gzip.open(FOLDER / "events_january.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            out.append({
                "event_id": f"{row['contact_id']}/{row['event']}",
                "tenant_id": "bank", "vendor_id": "bank", "site_id": "main", "source": "bank",
                "event_at": int(row["ts"]) * 1000,
                "interaction_id": row["contact_id"], "channel": "VOICE", "direction": "INBOUND",
                "initiation": "CUSTOMER", "type": TYPES[row["event"]], "queue_id": row["queue"],
                "priority": "HIGH" if row["priority"] == "2" else "NORMAL",
                "agent_id": row["agent"] or None,
            })
    if first_week:
        out = _first_calls(out, out[0]["event_at"] + WEEK_S * 1000)
    return out


def _first_calls(everything, until):
    """Whole calls that came before an instant, so that nothing is left open."""
    calls = {e["interaction_id"] for e in everything
             if e["type"] == "QUEUED" and e["event_at"] < until}
    return [e for e in everything if e["interaction_id"] in calls]


def truth(name="truth30_january.csv"):
    """(queue or None for all, window start in ms) -> row of integers."""
    out = {}
    with open(FOLDER / name) as file:
        for row in csv.DictReader(file):
            queue = None if row["queue"] == "ALL" else row["queue"]
            out[queue, int(row["bucket_start"]) * 1000] = {
                k: int(float(v)) for k, v in row.items() if k not in ("queue", "bucket_start")}
    return out


# Column of the truth file -> (metric, part, factor)
COLUMNS = {
    "offered": ("offered", "value", 1),
    "answered_evt": ("answered", "value", 1),
    "abandoned_evt": ("abandoned", "value", 1),
    "ans_le20_evt": ("service_level.answered_of_offered", "numerator", 1),
    "sum_wait_ans_evt": ("asa_ms", "numerator", 1000),
    "ended_evt": ("handled", "value", 1),
    "sum_handle_evt": ("aht_ms", "numerator", 1000),
    "backlog_end": ("waiting", "value", 1),
    "in_service_end": ("in_service", "value", 1),
    "answered_arr": ("arrival.answered", "value", 1),
    "abandoned_arr": ("arrival.abandoned", "value", 1),
    "ans_le20_arr": ("arrival.service_level.answered_of_offered", "numerator", 1),
    "sum_wait_ans_arr": ("arrival.asa_ms", "numerator", 1000),
    "sum_handle_arr": ("arrival.aht_ms", "numerator", 1000),
}
METRICS = {metric for metric, _, _ in COLUMNS.values()}


def disagreements(expected, found):
    """Where figures differ from the truth: a list of sentences, empty when all agree.

    `found` maps (queue or None, window start) to {metric: (value, numerator, denominator)}; a
    window that is not there is one of zeros.
    """
    out = []
    for key, row in expected.items():
        figures = found.get(key, {})
        for column, (metric, part, factor) in COLUMNS.items():
            figure = figures.get(metric, (0, 0, 0))
            got = figure[0 if part == "value" else 1] or 0
            if row[column] * factor != got:
                out.append(f"{key}: {column} is {row[column] * factor}, {metric} says {got}")
    for key in found.keys() - expected.keys():
        nonzero = {m: f for m, f in found[key].items() if m in METRICS and (f[0] or f[1])}
        if nonzero:
            out.append(f"{key}: not in the truth, yet {nonzero}")
    return out
