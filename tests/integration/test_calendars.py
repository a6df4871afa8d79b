"""Clocks that run by opening hours, against a recount with Python's own time zones."""

import datetime as dt
import random
import zoneinfo

import pytest

from records import interaction

pytestmark = pytest.mark.timeout(300)

ZONES = ["America/New_York", "Europe/London", "Europe/Berlin", "America/Havana", "Asia/Beirut",
         "Asia/Kathmandu", "America/St_Johns", "UTC"]
FROM = dt.datetime(2026, 10, 21, tzinfo=dt.timezone.utc)  # London changes on 25 Oct
DAYS = 14
HOUR_MS = 3_600_000
WEEKS = [{"mon-fri": ["09:00-13:00", "14:00-18:00"], "sat": ["10:00-14:00"]},
         {"mon-sun": ["22:00-06:30"]},
         {"mon-fri": ["00:00-24:00"], "sun": ["03:30-23:00"]}]
HOLIDAYS = ["2026-10-26"]
EXCEPTIONS = {"2026-10-30": ["08:15-09:00"], "2026-11-02": []}
NAMES = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def spans_of(week, date):
    if date.isoformat() in EXCEPTIONS:
        return EXCEPTIONS[date.isoformat()]
    if date.isoformat() in HOLIDAYS:
        return []
    for days, spans in week.items():
        first, last = NAMES.index(days[:3]), NAMES.index(days[-3:])
        if first <= date.weekday() <= last:
            return spans
    return []


def open_spans(week, zone):
    """[from, to) in epoch ms, joined, from the weekly hours of local days."""
    found = []
    for day in range(-3, DAYS + 30):
        date = FROM.date() + dt.timedelta(days=day)
        for span in spans_of(week, date):
            opens, closes = (tuple(map(int, t.split(":"))) for t in span.split("-"))
            over = closes <= opens or closes[0] == 24
            begin = dt.datetime.combine(date, dt.time(*opens), zone)
            end = dt.datetime.combine(date + dt.timedelta(days=over),
                                      dt.time(closes[0] % 24, closes[1]), zone).replace(fold=1)
            found.append([int(begin.timestamp() * 1000), int(end.timestamp() * 1000)])
    joined = []
    for begin, end in sorted(found):
        if joined and begin <= joined[-1][1]:
            joined[-1][1] = max(end, joined[-1][1])
        else:
            joined.append([begin, end])
    return joined


def deadline(spans, running, target_ms):
    """When the open time within the running intervals reaches the target; None: never."""
    left = target_ms
    for begin, end in running:
        for opens, closes in spans:
            low, high = max(begin, opens), min(end, closes)
            if low < high and high - low >= left:
                return low + left
            left -= max(0, high - low)
    return None


def history(rng, tenant, count):
    """(events, intervals in which the clock runs) of some e-mail cases."""
    for number in range(count):
        name = f"{tenant}-{number}"
        at = int(FROM.timestamp() * 1000) + rng.randrange(DAYS * 24 * HOUR_MS)
        fields = {"tenant_id": tenant, "channel": "EMAIL"}
        events, running = [interaction("CREATED", name, at, **fields)], []
        begin = at
        for _ in range(rng.randrange(3)):
            pause = begin + rng.randrange(1, 20 * HOUR_MS)
            resume = pause + rng.randrange(1, 40 * HOUR_MS)
            running.append((begin, pause))
            events += [interaction("STATUS_CHANGED", name, pause, status="pending_customer",
                                   **fields),
                       interaction("STATUS_CHANGED", name, resume, status="open", **fields)]
            begin = resume
        end = begin + rng.randrange(1, 60 * HOUR_MS)
        events.append(interaction("RESOLVED", name, end, **fields))
        yield name, events, running + [(begin, end)]


def test_deadlines_by_opening_hours_equal_the_recount(world):
    rng = random.Random(20261122)
    world.create(partitions=2)
    events, expected, resolved = [], {}, 0
    for number, zone in enumerate(ZONES):
        tenant, week = f"tenant-{number}", WEEKS[number % len(WEEKS)]
        target_hours = rng.choice([1, 4, 9])
        world.contract({
            "contract": tenant, "version": 1, "tenant": tenant, "timezone": zone,
            "calendars": {"hours": {"timezone": zone, "weekly": week, "holidays": HOLIDAYS,
                                    "exceptions": EXCEPTIONS}},
            "clocks": [{"name": "solve", "clock": "resolution", "target": f"{target_hours}h",
                        "calendar": "hours"}]}, name=f"{tenant}.yaml")
        spans = open_spans(week, zoneinfo.ZoneInfo(zone))
        for name, some, running in history(rng, tenant, 60):
            events += some
            due = deadline(spans, running, target_hours * HOUR_MS)
            if due is not None and due < running[-1][1]:
                expected[name] = due
            else:
                resolved += 1
    for event in sorted(events, key=lambda e: e["event_at"]):
        world.send(event, at=event["event_at"])
    world.flush()
    world.replay(world.config(kafka={"topics": {"partitions": 2, "replication": 1}}))
    found = {a["interaction_id"]: a["condition_at"] for a in world.alerts("ITEM_BREACH")
             if a["transition"] == "FIRING"}
    assert len(expected) > 50 and resolved > 50, "the history must hold both kinds"
    assert found == expected
