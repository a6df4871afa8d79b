"""Real series through the demand judge, without broker and log: each bin's value as that many
events, default settings, one queue of its own. The labelled ones are scored by the scorer that lies
beside them; the bank's five-minute calls show holidays, and that closing time is no alarm.
"""

import csv
import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("FLOORWALKER_DATA") or ROOT.parent / "shared" / "data")
NAB = DATA / "nab"
BANK = DATA / "bank_calls_5min" / "bank_calls.csv"
BENCH = Path(os.environ.get("FLOORWALKER_BIN") or
             ROOT / "build/release/bin/floorwalker").parent / "demand_bench"
SERIES = [f"realTweets/Twitter_volume_{name}.csv" for name in ("CRM", "KO", "UPS")]
AFTER_HOLIDAYS = {dt.date(2003, 5, 27), dt.date(2003, 9, 2), dt.date(2003, 10, 15)}


def alerts(path):
    """(time, kind) of each FIRING."""
    done = subprocess.run([BENCH, "series", "--scopes", "1", path], text=True, check=True,
                          capture_output=True, timeout=60)
    return [tuple(line.split(",")[1:3]) for line in done.stdout.splitlines()]


@pytest.mark.skipif(not NAB.exists(), reason=f"the labelled series are not in {NAB}")
def test_labelled_series_score_above_twitteradvec(tmp_path):
    told = tmp_path / "alerts.csv"
    told.write_text("file,timestamp\n" + "".join(
        f"{name},{at}\n" for name in SERIES for at, _ in alerts(NAB / "data" / name)))
    scored = subprocess.run([sys.executable, NAB / "nab_score.py", told, "standard", "--files",
                             ",".join(SERIES)], text=True, check=True, capture_output=True)
    raw = float(scored.stdout.split("standard: raw=")[1].split()[0])
    with open(NAB / "reference_scores.csv") as file:
        rows = list(csv.DictReader(file))
    reference = {name: sum(float(row["raw_standard_score"]) for row in rows
                           if row["detector"] == name)
                 for name in {row["detector"] for row in rows}}
    print(scored.stdout, reference)
    assert raw > reference["twitterADVec"], (scored.stdout, reference)


@pytest.mark.skipif(not BANK.exists(), reason=f"the bank's calls are not in {BANK.parent}")
def test_bank_calls_tell_holidays_and_little_else():
    with open(BANK) as file:
        days = [dt.date.fromisoformat(row["local_time"][:10]) for row in csv.DictReader(file)]
    first, last, open_days = min(days), max(days), set(days)
    live = first + dt.timedelta(days=28)
    told = [(dt.date.fromisoformat(at[:10]), kind) for at, kind in alerts(BANK)]
    told = [(day, kind) for day, kind in told if day >= live]
    weeks = -(-(last - live).days // 7)
    per_week = [sum((day - live).days // 7 == week for day, _ in told) for week in range(weeks)]
    holidays = {live + dt.timedelta(days=n) for n in range((last - live).days)}
    holidays = {day for day in holidays if day.weekday() < 5 and day not in open_days}
    assert len(holidays) == 6
    assert {day for day, kind in told if kind == "DROP"} >= holidays
    assert {day for day, kind in told if kind == "SPIKE"} >= AFTER_HOLIDAYS
    print(f"{len(told) / weeks:.2f} alerts a week: {per_week}")
    assert len(told) / weeks < 2 and max(per_week) <= 4, sorted(told)
