"""`floorwalker backtest` against `floorwalker run` with `clock: log`, on the same events.

Left out is what such a run makes of counts that fall into panes of steps that are over (late
events beyond `grace`, abandon_rate, which counts at QUEUED): it reads ahead, and judges a step with
all that it has read. A backtest judges it with what had come by then, as the live program does.
"""

import pytest

import bank
from backtests import Bench, event_schema, of, scope_text
from harness import FIELDS, scaled

pytestmark = pytest.mark.timeout(600)

ENDS = ("RESOLVED", "EXPIRED", "VOIDED")
TOPICS = ("alerts.sla", "alerts.demand", "alerts.operations")


def contract(tenant, zone):
    """Something of everything that is judged."""
    voice = {"channel": ["voice"]}
    told = {"severity": "major", "owner": "duty", "outcome": "callers give up"}
    return {
        "contract": "trial", "version": 1, "tenant": tenant, "timezone": zone,
        "short_abandon": "5s",
        "roles": {"duty": {"contact": "pager:duty"}},
        "clocks": [
            {"name": "call", "clock": "speed_of_answer", "when": voice, "target": "1m",
             "warn_at": ["50%"]},
            {"name": "reply", "clock": "first_reply", "when": {"channel": ["email", "chat"]},
             "target": "2h", "warn_at": ["75%"]}],
        "objectives": [
            {"name": "level", "metric": "service_level", "within": "20s", "when": voice,
             "per": ["site", "queue"], "window": "30m", "target": "at least 80%",
             "min_sample": 10, "hold": "60s", **told},
            {"name": "lost", "metric": "abandoned", "per": [], "window": "1h",
             "target": "at most 8", "clear": "at most 6", "min_sample": 1, **told},
            {"name": "tail", "metric": "wait_p90_ms", "per": ["channel"], "window": "4h",
             "target": "at most 90s", "min_sample": 5, **told},
            {"name": "day", "metric": "asa_ms", "per": ["queue"], "window": "today",
             "target": "at most 60s", "min_sample": 5, **told}],
        "demand": [{"name": "spikes", "per": ["queue"], "windows": ["15m"],
                    "false_alarms": "10 per day", "min_excess": 3,
                    "expected": {"per": "15m", "volume": 8}}]}


def rounded(kind, *rest):
    """A site is heard once in 10 s; of several records in them a replay may tell any."""
    if kind == "feed_silent" and rest[-2] is not None:
        return kind, *rest[:-2], rest[-2] // 10_000, rest[-1]
    return kind, *rest


def told(world):
    """Every episode that the alert topics tell of."""
    by_id = {}
    for topic in TOPICS:
        for alert in world.alerts(topic=topic):
            by_id.setdefault(alert["alert_id"], []).append(alert)
    for alerts in by_id.values():
        alerts.sort(key=lambda a: a["seq"])
        first, last = alerts[0], alerts[-1]
        assert first["transition"] == "FIRING"
        scope = scope_text([(d, first[f]) for d, f in FIELDS if first[f] is not None])
        ended = last["transition"] in ENDS
        yield rounded(first["kind"].lower(), first["rule"], scope, first["interaction_id"] or "",
                      first["opened_at"], first["condition_at"],
                      last["resolved_at"] if ended else None,
                      last["transition"].lower() if ended else None)


def tried(lines):
    for e in of(lines, "episode"):
        yield rounded(e["kind"], e["rule"], e["scope"], e.get("interaction_id", ""), e["opened_at"],
                      e["condition_at"], e.get("resolved_at"), e.get("ended"))


def expect_the_same(world, lines, kinds):
    order = {"key": lambda e: tuple(str(part) for part in e)}
    replayed, found = sorted(told(world), **order), sorted(tried(lines), **order)
    missing, more = set(replayed) - set(found), set(found) - set(replayed)
    assert not missing and not more, (f"{len(missing)} missing, {len(more)} too many of "
                                      f"{len(replayed)}: {sorted(missing, **order)[:5]} "
                                      f"{sorted(more, **order)[:5]}")
    assert len(replayed) == len(found)
    assert {e[0] for e in found} >= kinds
    assert sum(e[0] == "objective_breach" for e in found) > 10


@pytest.mark.skipif(not bank.available(),
                    reason=f"the calls of the Anonymous Bank are not in {bank.FOLDER}")
def test_real_calls_are_judged_as_by_a_replay(world, tmp_path):
    events = bank.events(first_week=True)
    agreement = contract("bank", "Asia/Jerusalem")
    world.create(partitions=2)
    for event in events:
        world.send(event, at=event["event_at"])
    world.flush()
    world.contract(agreement)
    world.replay(world.config(kafka={"topics": {"partitions": 2, "replication": 1}}),
                 timeout_s=scaled(300))
    bench = Bench(tmp_path)
    thirds = [bench.container(f"{i}.avro", events[i::3]) for i in range(3)]
    lines = bench.lines("--contracts", world.contracts, "--avro", *thirds, "--episodes")
    assert of(lines, "input")[0]["events"] == len(events)
    expect_the_same(world, lines, {"item_at_risk", "item_breach", "demand_spike", "feed_silent"})


def test_late_and_repeated_events_are_judged_as_by_a_replay(world, tmp_path):
    """As the topic has them, with the times at which they came: up to 20 s after they happened."""
    world.floorsim("--partitions", 1, "--events", 30_000, "--rate", 5, "--load", 1.1, "--drain",
                   "--shuffle", "20s", "--duplicates", 0.02)
    world.contract(contract("acme", "Europe/Warsaw"))
    world.replay(world.config(kafka={"topics": {"partitions": 1, "replication": 1}}, grace="30s"),
                 timeout_s=scaled(300))
    events = [{"log_at": at, **world.registry.decode(value)}
              for _, value, _, at in world.raw(world.topic())]
    bench = Bench(tmp_path)
    file = bench.container("all.avro", events, event_schema(log_times=True), codec="deflate")
    lines = bench.lines("--contracts", world.contracts, "--avro", file, "--episodes",
                        "--grace", "30s")
    expect_the_same(world, lines, {"item_at_risk", "item_breach", "objective_breach"})
