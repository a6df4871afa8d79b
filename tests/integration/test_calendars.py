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


def day_spans(week, zone, first=FROM, days=DAYS):
    """(local day, from, to) in epoch ms, from the weekly hours of local days."""
    for day in range(-3, days + 30):
        date = first.date() + dt.timedelta(days=day)
        for span in spans_of(week, date):
            opens, closes = (tuple(map(int, t.split(":"))) for t in span.split("-"))
            over = closes <= opens or closes[0] == 24
            begin = dt.datetime.combine(date, dt.time(*opens), zone)
            end = dt.datetime.combine(date + dt.timedelta(days=over),
                                      dt.time(closes[0] % 24, closes[1]), zone).replace(fold=1)
            yield date, int(begin.timestamp() * 1000), int(end.timestamp() * 1000)


def open_spans(week, zone, first=FROM, days=DAYS):
    """[from, to) in epoch ms, joined."""
    joined = []
    for begin, end in sorted((b, e) for _, b, e in day_spans(week, zone, first, days) if b < e):
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


# ---- business days ----


def opening(spans, at):
    """`at` when it is open then, else when it opens next."""
    return next(max(begin, at) for begin, end in spans if end > at)


def instant_of(naive, zone):
    """The last instant that shows this local time; the jump where none does."""
    first, last = (naive.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
    if dt.datetime.fromtimestamp(last, zone).replace(tzinfo=None) == naive:
        return int(last * 1000)
    low, high = sorted((first, last))
    offset = dt.datetime.fromtimestamp(low, zone).utcoffset()
    while dt.datetime.fromtimestamp(low, zone).utcoffset() == offset and low < high:
        low += 60
    return int(low * 1000)


def days_later(week, zone, at, days):
    """The same local time so many open days after the one that `at`, or the next opening, is in."""
    begins = {}
    for date, begin, end in day_spans(week, zone):
        if begin < end:
            begins[date] = min(begin, begins.get(date, begin))
    start = opening(open_spans(week, zone), at)
    dates = sorted(begins)
    index = max(i for i, date in enumerate(dates) if begins[date] <= start)
    local = dt.datetime.fromtimestamp(start / 1000, zone).replace(tzinfo=None)
    return instant_of(local + (dates[index + days] - dates[index]), zone)


def open_ms(spans, begin, end):
    return sum(max(0, min(end, closes) - max(begin, opens)) for opens, closes in spans)


def days_deadline(spans, running, due):
    """When so many business days are over, which end at `due` if nothing pauses them."""
    left = open_ms(spans, running[0][0], due)
    for begin, end in running:
        first = begin if left == 0 else deadline(spans, [(begin, 2**60)], left)
        last = opening(spans, first)
        if first <= due <= last:
            found = due
        else:
            found = last if left > 0 else first
        if found < end:
            return found
        left -= open_ms(spans, begin, end)
    return None


def test_business_days_equal_the_recount(world):
    rng = random.Random(20261123)
    world.create(partitions=2)
    events, expected, resolved, outside = [], {}, 0, 0
    for number, zone_name in enumerate(ZONES):
        tenant, week = f"tenant-{number}", WEEKS[number % len(WEEKS)]
        zone, days = zoneinfo.ZoneInfo(zone_name), 1 + number % 3
        world.contract({
            "contract": tenant, "version": 1, "tenant": tenant, "timezone": "UTC",
            "calendars": {"hours": {"timezone": zone_name, "weekly": week, "holidays": HOLIDAYS,
                                    "exceptions": EXCEPTIONS}},
            "clocks": [{"name": "solve", "clock": "resolution", "target": f"{days}bd",
                        "calendar": "hours"}]}, name=f"{tenant}.yaml")
        spans = open_spans(week, zone)
        for name, some, running in history(rng, tenant, 120):
            if rng.random() < 0.2:  # begun at an opening
                move = opening(spans, running[0][0]) - running[0][0]
                running = [(begin + move, end + move) for begin, end in running]
                some = [dict(event, event_at=event["event_at"] + move) for event in some]
            events += some
            due = days_later(week, zone, running[0][0], days)
            late = days_deadline(spans, running, due)
            if late is None:
                resolved += 1
            else:
                expected[name] = late
                outside += opening(spans, late) != late
    for event in sorted(events, key=lambda e: e["event_at"]):
        world.send(event, at=event["event_at"])
    world.flush()
    world.replay(world.config(kafka={"topics": {"partitions": 2, "replication": 1}}))
    found = {a["interaction_id"]: a["condition_at"] for a in world.alerts("ITEM_BREACH")
             if a["transition"] == "FIRING"}
    assert len(expected) > 100 and resolved > 100 and outside > 5, (len(expected), outside)
    assert found == expected


def test_business_days_of_a_weekend_and_of_a_change_of_the_clocks():
    """The recount itself, on days that can be counted by hand."""
    zone, week = zoneinfo.ZoneInfo("America/New_York"), {"mon-fri": ["08:00-18:00"]}

    def at(text):
        return int(dt.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)

    assert days_later(week, zone, at("2026-10-22T17:00"), 1) == at("2026-10-23T17:00")
    assert days_later(week, zone, at("2026-10-29T10:00"), 2) == at("2026-11-03T10:00")
    assert days_later(week, zone, at("2026-10-31T12:00"), 1) == at("2026-11-04T08:00")
    nights = {"mon-fri": ["22:00-06:00"]}
    assert days_later(nights, zone, at("2026-10-24T02:00"), 1) == at("2026-10-28T02:00")
