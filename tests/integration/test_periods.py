"""Figures of days, weeks, months and quarters in the tenant's zone, against a recount."""

import collections
import datetime as dt
import random
import zoneinfo

import pytest

from harness import kpi_pattern
from records import interaction

pytestmark = pytest.mark.timeout(300)

ZONES = {"acme": ("America/New_York", "sun"), "bolt": ("Asia/Kathmandu", "mon"),
         "cargo": ("Europe/Berlin", "wed")}
FROM = dt.datetime(2026, 9, 26, tzinfo=dt.timezone.utc)
HOUR_MS = 3_600_000
METRICS = ["offered", "answered", "abandoned", "asa_ms", "handled", "aht_ms"]
WINDOWS = ["today", "week", "month", "quarter"]
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def start_of(window, at, zone, week_starts):
    """The local midnight at which the period that contains `at` begins, as epoch ms."""
    date = dt.datetime.fromtimestamp(at / 1000, zone).date()
    if window == "week":
        date -= dt.timedelta(days=(date.weekday() - WEEKDAYS.index(week_starts)) % 7)
    elif window == "month":
        date = date.replace(day=1)
    elif window == "quarter":
        date = date.replace(month=(date.month - 1) // 3 * 3 + 1, day=1)
    midnight = dt.datetime.combine(date, dt.time(), zone)
    return int(midnight.timestamp() * 1000)


def midnight(day, zone):
    date = FROM.date() + dt.timedelta(days=day)
    return int(dt.datetime.combine(date, dt.time(), zone).timestamp() * 1000)


def calls(rng, tenant, zone, count):
    """(events, [(metric, at, n, d)]) of calls around midnight, some of which come late."""
    for number in range(count):
        name = f"{tenant}-{number}"
        at = midnight(rng.randrange(8), zone) + rng.randrange(-HOUR_MS, HOUR_MS)
        queue = rng.choice(["sales", "support"])
        fields = {"tenant_id": tenant, "queue_id": queue}
        wait = rng.randrange(1, 60_000)
        told = [("offered", at, 1, None)]
        events = [interaction("QUEUED", name, at, **fields)]
        if rng.random() < 0.3:
            events.append(interaction("ABANDONED", name, at + wait, **fields))
            told.append(("abandoned", at + wait, 1, None))
        else:
            talk = rng.randrange(1000, 900_000)
            events += [interaction("ANSWERED", name, at + wait, agent_id="a", **fields),
                       interaction("DISCONNECTED", name, at + wait + talk, agent_id="a", **fields)]
            told += [("answered", at + wait, 1, None), ("asa_ms", at + wait, wait, 1),
                     ("handled", at + wait + talk, 1, None),
                     ("aht_ms", at + wait + talk, talk, 1)]
        late = rng.choice([0, 0, 0, rng.randrange(20 * HOUR_MS)])
        yield [(event["event_at"] + late, event) for event in events], queue, told


def expected_of(told, ends):
    """(tenant, view, window, start) -> metric -> [sum, count]; only periods that ended."""
    sums = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0]))
    for tenant, queue, metric, at, n, d in told:
        zone, week_starts = zoneinfo.ZoneInfo(ZONES[tenant][0]), ZONES[tenant][1]
        for window in WINDOWS:
            start = start_of(window, at, zone, week_starts)
            for view in ((), (("queue", queue),)):
                entry = sums[tenant, view, window, start][metric]
                entry[0] += n
                entry[1] += d or 0
    return {key: metrics for key, metrics in sums.items() if key in ends}


def parts_of(record):
    if record["metric"].endswith("_ms"):
        return [record["numerator"], record["denominator"]]
    return [record["value"], 0]


def test_periods_equal_the_recount(world):
    rng = random.Random(4)
    world.create(partitions=2)
    sent, told = [], []
    for tenant, (zone, week_starts) in ZONES.items():
        world.contract({"contract": tenant, "version": 1, "tenant": tenant, "timezone": zone,
                        "week_starts": week_starts}, name=f"{tenant}.yaml")
        for events, queue, facts in calls(rng, tenant, zoneinfo.ZoneInfo(zone), 300):
            sent += events
            told += [(tenant, queue, *fact) for fact in facts]
    sent.sort(key=lambda pair: pair[0])
    for at, event in sent:
        world.send(event, at=at)
    world.flush()
    config = world.config(kafka={"topics": {"partitions": 2, "replication": 1}})
    world.replay(config, "--final-clock", int(FROM.timestamp() * 1000) + 12 * 24 * HOUR_MS)
    newest, finals = {}, set()
    wanted = [kpi_pattern(window, METRICS) for window in WINDOWS]
    for _, value, _, _ in world.raw(world.topic("kpis")):
        if not any(pattern.search(value) for pattern in wanted):
            continue
        record = world.registry.decode(value)
        if record["window"] not in WINDOWS or record["metric"] not in METRICS:
            continue
        view = () if record["queue_id"] is None else (("queue", record["queue_id"]),)
        if record["site_id"] or record["vendor_id"] or record["channel"]:
            continue
        key = record["tenant_id"], view, record["window"], record["window_start_at"]
        figures = newest.setdefault(key, {})
        if record["metric"] not in figures or (figures[record["metric"]]["revision"]
                                               < record["revision"]):
            figures[record["metric"]] = record
        if record["final"]:
            finals.add(key)
    expected = expected_of(told, newest)
    windows = collections.Counter(key[2] for key in finals)
    assert windows["today"] > 40 and windows["week"] >= 9, windows
    assert windows["month"] == windows["quarter"] == 9, windows  # of all and two queues, each
    wrong = [(key, metric, parts, newest[key][metric]) for key, metrics in expected.items()
             for metric, parts in metrics.items() if parts_of(newest[key][metric]) != parts]
    assert not wrong, f"{len(wrong)} figures, for instance {wrong[0]}"
    assert set(newest) == set(expected)
    check_under_way(world, told)


def check_under_way(world, told):
    """The month and the quarter that the final clock lies in, as Redis shows them."""
    for tenant, (zone, _) in ZONES.items():
        october = int(dt.datetime(2026, 10, 1, tzinfo=zoneinfo.ZoneInfo(zone)).timestamp() * 1000)
        for window in ("month", "quarter"):
            found = world.redis.hgetall(f"fw:{{{tenant}}}:kpi:all:{window}")
            for metric in ("offered", "answered", "handled"):
                total = sum(n for t, _, m, at, n, _ in told
                            if (t, m) == (tenant, metric) and at >= october)
                assert int(found[metric]) == total > 0, (tenant, window, metric)
