"""Alerts about single interactions and about demand, over replays, against the oracle."""

import pytest

import oracle
from harness import scaled

pytestmark = pytest.mark.timeout(300)

MINUTE_MS = 60_000
START = 1_767_571_200_000  # where floorsim starts: 2026-01-05T00:00:00Z

CLOCKS = {
    "contract": "acme", "version": 1, "tenant": "acme", "timezone": "UTC",
    "clocks": [
        {"name": "call", "clock": "speed_of_answer", "when": {"channel": ["voice"]},
         "target": "20s", "warn_at": ["50%"], "severity": "major"},
        {"name": "reply", "clock": "first_reply", "when": {"channel": ["email"]},
         "target": "10m", "warn_at": ["3m"], "severity": "critical"},
        {"name": "solve", "clock": "resolution", "when": {"channel": ["email"]},
         "target": "40m", "severity": "major"}]}


def replayed(world, contract, *arguments, partitions=3):
    world.floorsim("--profile", "flat", "--partitions", partitions, *arguments)
    world.contract(contract)
    world.replay(world.config(kafka={"topics": {"partitions": partitions, "replication": 1}}),
                 timeout_s=scaled(200))
    return oracle.recount([world.registry.decode(value)
                           for _, value, _, _ in world.raw(world.topic())])


def expected_items(history):
    """(kind, rule, condition, end) of every warning and breach; clocks always run here."""
    for item in history.items:
        for visit in item.visits:
            if visit.scope["channel"] == "voice":
                yield from clock("call", visit.queued_at, visit.ended_at, 10_000, 20_000)
        if item.scope["channel"] != "email":
            continue
        replied = item.first_reply[0] if item.first_reply else None
        yield from clock("reply", item.created_at, replied, 7 * MINUTE_MS, 10 * MINUTE_MS)
        if not item.reopenings:
            solved = item.resolutions[0][0] if item.resolutions else None
            yield from clock("solve", item.created_at, solved, None, 40 * MINUTE_MS)


def clock(rule, began, ended, warn_ms, target_ms):
    took = ended - began if ended is not None else float("inf")
    if warn_ms is not None and took > warn_ms:
        yield "ITEM_AT_RISK", rule, began + warn_ms, min(began + target_ms, ended or 1 << 60)
    if took > target_ms:
        yield "ITEM_BREACH", rule, began + target_ms, ended


def told_items(world, reopened):
    """The same from the topic; episodes of interactions that were reopened are left out."""
    by_id = {}
    for alert in world.alerts("ITEM_AT_RISK", "ITEM_BREACH"):
        by_id.setdefault(alert["alert_id"], []).append(alert)
    for episode in by_id.values():
        episode.sort(key=lambda a: a["seq"])
        first, last = episode[0], episode[-1]
        if first["rule"] == "solve" and first["interaction_id"] in reopened:
            continue
        assert [a["transition"] for a in episode] == ["FIRING", "RESOLVED"], episode
        yield first["kind"], first["rule"], first["condition_at"], last["resolved_at"]


def test_every_item_alert_equals_the_recount(world):
    history = replayed(world, CLOCKS, "--events", 8000, "--rate", 10, "--load", 1.1, "--aht", 90,
                       "--reply", 500, "--resolve", 1500, "--channels", "voice,email", "--drain")
    by_item = {}
    for _, value, _, _ in world.raw(world.topic()):
        event = world.registry.decode(value)
        if event["type"] == "REOPENED":
            by_item[event["interaction_id"]] = True
    expected = sorted(expected_items(history))
    found = sorted(told_items(world, by_item))
    assert found == expected, (f"missing: {[e for e in expected if e not in found][:5]}; "
                               f"too many: {[e for e in found if e not in expected][:5]}")
    assert {rule for _, rule, _, _ in expected} == {"call", "reply", "solve"}


def test_a_burst_is_a_demand_spike_and_nothing_else_is(world):
    """Six times the calls of one queue for ten minutes; the contract says what to expect."""
    rate = 60
    contract = {"contract": "acme", "version": 1, "tenant": "acme", "timezone": "UTC",
                "demand": [{"name": "demand", "when": {"direction": ["inbound"]},
                            "per": ["site", "queue"], "windows": ["5m", "15m"],
                            "false_alarms": "1 per day", "min_excess": 10, "severity": "major",
                            "expected": {"per": "15m", "volume": 35 * rate}}]}
    replayed(world, contract, "--duration", "100m", "--rate", rate, "--channels", "voice",
             "--burst", "krakow:support:6:40m:50m")
    spikes = world.alerts("DEMAND_SPIKE", topic="alerts.demand")
    assert {(a["site_id"], a["queue_id"], a["channel"]) for a in spikes} == {
        ("krakow", "support", None)}
    firing = [a for a in spikes if a["transition"] == "FIRING"]
    assert len(firing) == 1
    alert = firing[0]
    assert START + 40 * MINUTE_MS < alert["condition_at"] <= START + 46 * MINUTE_MS
    assert alert["observed"] > alert["threshold"] >= alert["baseline"] > 0
    assert alert["p_value"] < 1e-3 and alert["unit"] == "COUNT" and alert["summary"]
    last = max(spikes, key=lambda a: a["seq"])
    assert last["transition"] == "RESOLVED"
    assert last["resolved_at"] > START + 50 * MINUTE_MS


def test_alert_ids_are_the_same_in_a_second_run(world):
    """Another group over the same events says the same, but for when it said so."""
    history = replayed(world, CLOCKS, "--events", 2500, "--rate", 20, "--load", 2,
                       "--channels", "voice", "--drain")
    assert history.visits
    first = told(world)
    path = world.config("second.yaml", kafka={"group": world.group + "-b", "topics": {
        "partitions": 3, "replication": 1}}, instance=world.group + "-2")
    world.replay(path, timeout_s=scaled(200))
    both = told(world)
    assert len(first) > 10
    assert sorted(both) == sorted(first * 2)


def told(world):
    return [(a["alert_id"], a["seq"], a["transition"], a["condition_at"], a["resolved_at"] or 0)
            for a in world.alerts()]
