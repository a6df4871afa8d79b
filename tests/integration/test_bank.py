"""Real calls: the Anonymous Bank's January 1999 through the real processor, Kafka and Redis.

Every half hour has to equal the truth file exactly, per queue and in all, and every episode of an
80/20 objective has to equal the oracle's, at every step: with 1, 3 and 8 partitions, shuffled, and
with every event twice. FLOORWALKER_BANK=all crosses these, each order with each of 1, 3 and 8.
"""

import functools
import json
import math
import os
import random
from statistics import NormalDist

import pytest

import bank
import oracle
from harness import scaled

pytestmark = [
    pytest.mark.skipif(not bank.available(),
                       reason=f"the calls of the Anonymous Bank are not in {bank.FOLDER}"),
    pytest.mark.timeout(900)]

MINUTE_MS = 60_000
CONTRACT = {
    "contract": "bank-service", "version": 1, "tenant": "bank", "timezone": "Asia/Jerusalem",
    "roles": {"duty": {"contact": "pager:bank-duty"}},
    "objectives": [{
        "name": "eighty-twenty", "metric": "service_level", "variant": "answered_of_offered",
        "within": "20s", "when": {"channel": ["voice"]}, "per": ["queue"], "window": "30m",
        "target": "at least 80%", "min_sample": 20, "severity": "critical", "owner": "duty",
        "outcome": "callers who give up do their banking elsewhere"}]}
OBJECTIVE = oracle.Objective(per=("queue",), window_ms=30 * MINUTE_MS, target=(4, 5),
                             min_sample=20)
VIEWS = ((), ("queue",))
PARTITIONS = [1, 3, 8] if os.environ.get("FLOORWALKER_BANK") == "all" else [3]


def replay(world, records, partitions, **settings):
    """Sends (stamp, event) pairs in their order and lets the processor read them to the end."""
    world.create("interactions", partitions)
    for at, event in records:
        world.send(event, at=at)
    world.flush()
    world.contract(CONTRACT)
    config = world.config(kafka={"topics": {"partitions": partitions, "replication": 1}},
                          **settings)
    world.replay(config, timeout_s=scaled(600))


def expect_figures(world):
    found = {((dict(view).get("queue")), start): figures
             for (view, start), figures in world.kpis("30m", bank.METRICS, set(VIEWS)).items()}
    expected = bank.truth()
    wrong = bank.disagreements(expected, found)
    assert wrong == [], f"{len(wrong)} of {len(expected)} half hours and more: {wrong[:10]}"


def wilson(k, n, confidence=0.95):
    """The two shares from which k of n is just so unlikely: roots of (k/n - p)^2 = z^2 p(1-p)/n."""
    z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    a, b, c = 1 + z2 / n, -(2 * k / n + z2 / n), (k / n) ** 2
    root = math.sqrt(b * b - 4 * a * c)
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def told_episodes(world):
    """The objective's episodes as the alert topic tells them."""
    by_id = {}
    for alert in world.alerts("OBJECTIVE_BREACH"):
        if alert["rule"] == "eighty-twenty" and alert["queue_id"] is not None:
            by_id.setdefault(alert["alert_id"], []).append(alert)
    out = []
    for told in by_id.values():
        told.sort(key=lambda a: a["seq"])
        assert [a["seq"] for a in told] == list(range(told[0]["seq"], told[0]["seq"] + len(told)))
        first, last = told[0], told[-1]
        assert first["transition"] == "FIRING"
        assert last["transition"] in ("RESOLVED", "EXPIRED", "VOIDED")
        assert (first["low"], first["high"]) == pytest.approx(
            wilson(first["numerator"], first["denominator"]), abs=1e-9)
        out.append((first["queue_id"], first["opened_at"], first["condition_at"],
                    first["numerator"], first["denominator"], last["resolved_at"],
                    last["transition"]))
    return sorted(out)


@functools.cache
def expected_episodes():
    """Of the whole month: the same, whatever way its events came."""
    return sorted(
        (dict(e.scope)["queue"], e.opened_at, e.condition_at, e.numerator, e.denominator,
         e.resolved_at, e.how)
        for e in oracle.episodes(oracle.recount(bank.events()), OBJECTIVE))


def expect_episodes(world):
    expected, found = expected_episodes(), told_episodes(world)
    assert found == expected, (f"missing: {[e for e in expected if e not in found][:5]}; "
                               f"too many: {[e for e in found if e not in expected][:5]}")
    assert len(expected) > 5


def stamped(events):
    return [(e["event_at"], e) for e in events]


def test_the_whole_of_january(world):
    replay(world, stamped(bank.events()), partitions=8)
    expect_figures(world)
    expect_episodes(world)
    assert world.dead_letters() == []
    expect_redis_at_the_end(world)


def expect_redis_at_the_end(world):
    scopes = world.redis.smembers("fw:{bank}:scopes")
    assert {"all", "site=main", "queue=PS", "channel=voice", "site=main/queue=PS",
            "site=main/queue=PS/channel=voice", "vendor=bank"} <= scopes
    now = world.redis.hgetall("fw:{bank}:now:all")
    assert (now["waiting"], now["in_service"], now["backlog"]) == ("0", "0", "0")
    assert "oldest_waiting_at" not in now
    # The final clock is 26 h after the last call: by then the site has been silent, and no more.
    shown = [json.loads(v) for k, v in world.redis.hgetall("fw:{bank}:alerts").items()
             if k != "_guard"]
    assert [(a["kind"], a["site_id"]) for a in shown] == [("FEED_SILENT", "main")]
    assert world.redis.hget("fw:{bank}:meta", "contract") == "bank-service"


@pytest.mark.parametrize("partitions", [1, 3])
def test_partitions_change_nothing(world, partitions):
    replay(world, stamped(bank.events()), partitions)
    expect_figures(world)
    expect_episodes(world)


@pytest.mark.parametrize("partitions", PARTITIONS)
def test_shuffled_within_a_minute(world, partitions):
    """Each event comes up to 60 s after it happened; with that much grace episodes agree too."""
    events = bank.events()
    rng = random.Random(19990101)
    late = sorted((e["event_at"] + rng.randint(0, 60_000), i) for i, e in enumerate(events))
    replay(world, [(at, events[i]) for at, i in late], partitions, grace="60s")
    expect_figures(world)
    expect_episodes(world)


@pytest.mark.parametrize("partitions", PARTITIONS)
def test_every_event_twice(world, partitions):
    events = bank.events()
    rng = random.Random(1999)
    again = sorted([(e["event_at"], i) for i, e in enumerate(events)]
                   + [(e["event_at"] + rng.randint(0, 30_000), i) for i, e in enumerate(events)])
    replay(world, [(at, events[i]) for at, i in again], partitions)
    expect_figures(world)
    expect_episodes(world)
    assert world.dead_letters() == []


def test_redis_shows_the_windows_before_the_final_clock(world):
    """Calls up to a busy noon, the clock stopped there: what slides must equal the recount."""
    everything = bank.events(first_week=True)
    noon = everything[0]["event_at"] // 86_400_000 * 86_400_000 + 2 * 86_400_000 + 10 * 3_600_000
    events = [e for e in everything if e["event_at"] < noon]
    world.create("interactions", 2)
    for event in events:
        world.send(event, at=event["event_at"])
    world.flush()
    world.contract(CONTRACT)
    world.replay(world.config(kafka={"topics": {"partitions": 2, "replication": 1}}),
                 "--final-clock", noon)
    history = oracle.recount(events)
    for window, length_ms in (("5m", 5 * MINUTE_MS), ("30m", 30 * MINUTE_MS),
                              ("1h", 60 * MINUTE_MS), ("4h", 240 * MINUTE_MS)):
        for view, scope in (((), "all"), ((("queue", "PS"),), "queue=PS")):
            expect_hash(world, history, view, f"fw:{{bank}}:kpi:{scope}:{window}",
                        noon - length_ms, noon)
    now = world.redis.hgetall("fw:{bank}:now:all")
    waiting = [v for v in history.visits if v.ended_at is None]
    assert int(now["waiting"]) == len(waiting)
    assert int(now["in_service"]) == len([x for x in history.legs if x.ended_at is None])


def expect_hash(world, history, view, key, begin, end):
    counters = oracle.defaultdict(int)
    for scope, at, _, name, amount in oracle.contributions(history):
        if begin <= at < end and all(scope[d] == v for d, v in view):
            counters[name] += amount
    shown = world.redis.hgetall(key)
    for metric, (value, n, d) in oracle.formulas(counters).items():
        if n is None:
            if value:
                assert int(float(shown[metric])) == value, (key, metric)
        elif d:
            assert (int(shown[metric + ".n"]), int(shown[metric + ".d"])) == (n, d), (key, metric)
            assert float(shown[metric]) == pytest.approx(value, rel=1e-6), (key, metric)
        else:
            assert metric not in shown, (key, metric)
