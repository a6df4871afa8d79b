"""Versions of one contract, each from its local midnight on, against a recount."""

import datetime as dt
import random
import zoneinfo

import pytest

import oracle
from records import interaction

pytestmark = pytest.mark.timeout(300)

ZONE = zoneinfo.ZoneInfo("America/New_York")
SECOND_MS, MINUTE_MS, HOUR_MS = 1000, 60_000, 3_600_000
FROM = dt.datetime(2026, 10, 30, 12, tzinfo=dt.timezone.utc)
DAYS = 7
# The first holds always, the second from the morning on which the clocks went back.
VERSIONS = [(None, 6, 20), (dt.date(2026, 11, 1), 9, 40), (dt.date(2026, 11, 3), 3, 10)]
WINDOW_MS, HOLD_MS = 30 * MINUTE_MS, 60 * SECOND_MS


def midnight(date):
    return int(dt.datetime.combine(date, dt.time(), ZONE).timestamp() * 1000)


def eras():
    """[from, to), hours to solve a case, seconds to answer a call."""
    starts = [midnight(date) if date else 0 for date, _, _ in VERSIONS]
    return [(start, end, hours * HOUR_MS, seconds * SECOND_MS) for start, end, (_, hours, seconds)
            in zip(starts, starts[1:] + [2**62], VERSIONS)]


def contract(number):
    date, hours, seconds = VERSIONS[number]
    out = {"contract": "acme", "version": number + 1, "tenant": "acme",
           "timezone": "America/New_York", "roles": {"duty": {"contact": "pager:duty"}},
           "clocks": [{"name": "solve", "clock": "resolution", "target": f"{hours}h",
                       "when": {"channel": ["email"]}}],
           "objectives": [{
               "name": "level", "metric": "service_level", "within": f"{seconds}s",
               "when": {"channel": ["voice"]}, "per": ["queue"], "window": "30m",
               "target": "at least 80%", "min_sample": 5, "hold": "60s", "owner": "duty",
               "outcome": "nobody waits"}]}
    if date:
        out["effective_from"] = date.isoformat()
    return out


def near_a_change(at):
    return any(abs(at - start) < 2 * SECOND_MS for start, *_ in eras())


def cases(rng):
    """(events, name, from, to) of e-mail cases."""
    for number in range(300):
        at = int(FROM.timestamp() * 1000) + rng.randrange(DAYS * 24 * HOUR_MS)
        end = at + rng.randrange(1, 30 * HOUR_MS)
        if not near_a_change(at) and not near_a_change(end):
            name = f"case-{number}"
            yield [interaction("CREATED", name, at, channel="EMAIL"),
                   interaction("RESOLVED", name, end, channel="EMAIL")], name, at, end


def calls(rng):
    for number in range(4000):
        at = int(FROM.timestamp() * 1000) + rng.randrange(DAYS * 24 * HOUR_MS)
        if number % 3 == 0:
            at = rng.choice(eras()[1:])[0] + rng.randrange(-HOUR_MS, HOUR_MS)
        bad = at // (2 * HOUR_MS) % 3 == 0 or 0 < eras()[2][0] - at < HOUR_MS
        end = at + rng.randrange(1, (80 if bad else 12) * SECOND_MS)
        if not near_a_change(at) and not near_a_change(end):
            fields = {"queue_id": rng.choice(["sales", "support"])}
            yield interaction("QUEUED", f"call-{number}", at, **fields)
            yield interaction("ANSWERED", f"call-{number}", end, agent_id="a", **fields)


def breaches(begin, end):
    """The elapsed time is kept; each version judges it anew."""
    found = []
    for start, until, target_ms, _ in eras():
        at = max(begin + target_ms, start)
        if at < min(until, end) and begin < until:
            found.append(at)
    return found


def episodes(history, queue):
    """Of every version by its own threshold, from its first step to the one that ends it."""
    out = []
    for start, until, _, within_ms in eras():
        events = [oracle.service_level_event(v, within_ms, 0) for v in history.visits
                  if v.scope["queue"] == queue]
        events = sorted((at, letter == "Ain") for at, letter in events if start <= at < until)
        objective = oracle.Objective(per=("queue",), window_ms=WINDOW_MS, target=(4, 5),
                                     min_sample=5, hold_ms=HOLD_MS)
        first = events[0][0] - events[0][0] % 10_000
        last = min(until, events[-1][0] + 2 * WINDOW_MS)
        figures = []
        for t in range(first, last + 1, 10_000):
            inside = [good for at, good in events if t - WINDOW_MS <= at < t]
            figures.append((t, sum(inside), len(inside)))
        for e in oracle.judge(figures, (queue,), objective):
            end = (e.resolved_at, e.how) if e.how else (until, "VOIDED")
            out.append((queue, e.opened_at, e.condition_at, e.numerator, e.denominator, *end))
    return out


def told_episodes(world):
    told = {}
    for alert in world.alerts("OBJECTIVE_BREACH"):
        told.setdefault(alert["alert_id"], []).append(alert)
    return sorted((a[0]["queue_id"], a[0]["opened_at"], a[0]["condition_at"], a[0]["numerator"],
                   a[0]["denominator"], a[-1]["resolved_at"], a[-1]["transition"])
                  for a in told.values())


def test_each_version_judges_from_its_midnight_on(world):
    rng = random.Random(31)
    world.create(partitions=3)
    for number in range(3):
        world.contract(contract(number), name=f"acme-{number}.yaml")
    events, expected = list(calls(rng)), {}
    history = oracle.recount(events)
    for some, name, begin, end in cases(rng):
        events += some
        expected[name] = breaches(begin, end)
    for event in sorted(events, key=lambda e: e["event_at"]):
        world.send(event, at=event["event_at"])
    world.flush()
    world.replay(world.config(kafka={"topics": {"partitions": 3, "replication": 1}}))
    found = {name: [] for name in expected}
    versions = {}
    for alert in world.alerts("ITEM_BREACH"):
        if alert["transition"] == "FIRING":
            found[alert["interaction_id"]].append(alert["condition_at"])
            versions[alert["condition_at"]] = alert["contract_version"]
    assert {name: sorted(at) for name, at in found.items()} == expected
    at_changes = [at for at in versions if at in [start for start, *_ in eras()]]
    assert len(at_changes) == 2 and sum(len(at) == 2 for at in expected.values()) > 5
    assert all(version == 1 + sum(at >= start for start, *_ in eras()[1:])
               for at, version in versions.items())
    wanted = sorted(episodes(history, "sales") + episodes(history, "support"))
    assert told_episodes(world) == wanted
    assert sum(e[-1] == "VOIDED" for e in wanted) > 0 and len(wanted) > 20
    assert world.redis.hget("fw:{acme}:meta", "contract_version") == "3"
    trail = list(world.records("audit"))
    assert [(r["seq"], r["actor"], r["contract_version"], r["at"])
            for r in trail] == [(1, "calendar", 2, eras()[1][0]), (2, "calendar", 3, eras()[2][0])]
    assert trail[0]["prev_hash"] == "" and trail[1]["prev_hash"] == trail[0]["hash"]
    assert trail[1]["detail"].endswith(": clock solve changed, objective level changed")
