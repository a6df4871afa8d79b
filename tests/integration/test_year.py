"""A year of tickets with pauses, transfers and reopenings in eight zones: `floorwalker backtest`
tells every breach as the second implementation does, and a year takes no more memory than a month.

FLOORWALKER_TICKETS=100000 is the long form.
"""

import datetime as dt
import heapq
import os
import random
import re
import subprocess
import time
from pathlib import Path

import pytest

import clocks
from backtests import Bench, of
from records import interaction
from test_calendars import HOUR_MS, ZONES
from test_clocks import agreement, hours_of, rules_of, ticket, told_by_oracle

pytestmark = pytest.mark.timeout(1500)

TICKETS = int(os.environ.get("FLOORWALKER_TICKETS", "3000"))
DAYS = 365
DAY_MS = 24 * HOUR_MS
BEGIN = dt.datetime(2025, 3, 1, tzinfo=dt.timezone.utc)
BEGIN_AT = int(BEGIN.timestamp() * 1000)
LAST_AT = BEGIN_AT + (DAYS + 60) * DAY_MS
MONTH_END = BEGIN + dt.timedelta(days=31)


class Year:
    """The tickets one by one as they begin; every one of them is closed in the end."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.rules = [list(rules_of(self.rng)) for _ in ZONES]
        self.hours = [hours_of(number, BEGIN, DAYS + 90) for number in range(len(ZONES))]
        self.told, self.events = [], 0

    def tickets(self):
        begins = sorted(BEGIN_AT + self.rng.randrange(DAYS * DAY_MS) for _ in range(TICKETS))
        for number, begin_at in enumerate(begins):
            desk = number % len(ZONES)
            events = ticket(self.rng, f"tenant-{desk}", number, begin_at)
            last = events[-1]
            events.append(interaction("CLOSED", last["interaction_id"], last["event_at"] + HOUR_MS,
                                      **{key: last[key] for key in (
                                          "tenant_id", "channel", "queue_id", "priority")}))
            told, _ = clocks.judge(events, self.rules[desk], self.hours[desk], LAST_AT)
            self.told += told
            yield begin_at, events

    def in_order(self):
        """All events by their time."""
        heap = []
        for begin_at, events in self.tickets():
            while heap and heap[0][0] < begin_at:
                yield heapq.heappop(heap)[2]
            for event in events:
                self.events += 1
                heapq.heappush(heap, (event["event_at"], self.events, event))
        while heap:
            yield heapq.heappop(heap)[2]
        yield interaction("CREATED", "the-last", LAST_AT, tenant_id="tenant-0", channel="VOICE")


def told_in_episodes(lines):
    return sorted((e["interaction_id"], e["rule"], e["condition_at"], e["ended"].upper(),
                   e["resolved_at"]) for e in of(lines, "episode", kind="item_breach"))


def calm(contract):
    """The same clocks, of which nothing is told: what is told is kept until the end."""
    return {**contract, "feeds": {"silent_after": "300d"},
            "clocks": [{**clock, "target": "360d"} for clock in contract["clocks"]]}


def peak_mb(bench, *arguments):
    """The most that a run holds, as its own status has it while it runs."""
    peak = 0
    with open(bench.folder / "out", "w", encoding="utf-8") as out:
        with subprocess.Popen([bench.program, "backtest", *arguments], cwd=bench.folder,
                              stdout=out) as child:
            status = Path(f"/proc/{child.pid}/status")
            while child.poll() is None:
                told = re.search(r"VmHWM:\s+(\d+)", status.read_text())
                peak = int(told[1]) / 1024 if told else peak
                time.sleep(0.002)
    assert child.returncode == 0
    return peak


def test_a_year_of_tickets(tmp_path):
    bench, year = Bench(tmp_path), Year(20261123)

    def contract_of(number):
        return agreement(f"tenant-{number}", number, year.rules[number])
    folder = bench.contracts("desks", *map(contract_of, range(len(ZONES))))
    file = bench.container("year.avro", year.in_order())
    lines = bench.lines("--contracts", folder, "--avro", file, "--episodes")
    assert not of(lines, "refused") and not of(lines, "left_out")
    expected, found = told_by_oracle(year.told), told_in_episodes(lines)
    assert sorted(set(expected) - set(found)) == []
    assert sorted(set(found) - set(expected)) == []
    assert len(expected) == len(found) > TICKETS
    folder = bench.contracts("calm", *map(calm, map(contract_of, range(len(ZONES)))))
    whole = peak_mb(bench, "--contracts", folder, "--avro", file)
    month = peak_mb(bench, "--contracts", folder, "--avro", file, "--to", MONTH_END.isoformat())
    print(f"{TICKETS} tickets, {year.events} events, {len(found)} breaches; at most {month:.0f} MB "
          f"for the first month, {whole:.0f} MB for the year")
    assert whole < 1.1 * month
