"""What no replay could rebuild: a quarter's counters, ten weeks of demand, a case open for days.

The topics forget as time goes on: after each graceful stop everything that was committed is deleted
from them. Kills and a wiped Redis lie between.
"""

import datetime as dt
import random

import confluent_kafka as ck
import pytest

from faults_run import Runner, pause
from harness import scaled, wait_for
from records import interaction

pytestmark = pytest.mark.timeout(300)

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
FROM = int(dt.datetime(2026, 7, 6, tzinfo=dt.timezone.utc).timestamp() * 1000)  # a Monday
WEEKS = 10
BURST = FROM + (WEEKS - 1) * 7 * DAY_MS + DAY_MS + 9 * HOUR_MS  # the last Tuesday at nine
OPENED = FROM + 30 * DAY_MS + 12 * HOUR_MS
END = FROM + WEEKS * 7 * DAY_MS
PIECES = 14

CONTRACT = {
    "contract": "acme", "version": 1, "tenant": "acme", "timezone": "UTC",
    "clocks": [{"name": "solve", "clock": "resolution", "when": {"channel": ["email"]},
                "target": "5d"}],
    "demand": [{"name": "demand", "when": {"channel": ["voice"]}, "per": ["queue"],
                "windows": ["15m"], "false_alarms": "1 per day", "min_excess": 10}]}


def call(name, at):
    return [interaction("QUEUED", name, at), interaction("ANSWERED", name, at + 5000, agent_id="a"),
            interaction("DISCONNECTED", name, at + 65_000, agent_id="a")]


def peak(rng, name, at):
    """Forty calls in a quarter of an hour."""
    for number in range(40):
        yield from call(f"{name}-{number}", at + rng.randrange(15 * MINUTE_MS))


def history(rng):
    """Every Monday at nine there is a peak; one Tuesday there is one that nobody knows of."""
    events = []
    for hour in range(WEEKS * 7 * 24):
        at = FROM + hour * HOUR_MS
        events += call(f"call-{hour}", at + rng.randrange(HOUR_MS))
        if hour % (7 * 24) == 9:
            events += peak(rng, f"monday-{hour}", at)
    events += peak(rng, "tuesday", BURST)
    events += [interaction("CREATED", "case", OPENED, channel="EMAIL"),
               interaction("RESOLVED", "case", OPENED + 9 * DAY_MS, channel="EMAIL")]
    for number in range(8):  # both partitions come to the end
        events.append(interaction("QUEUED", f"end-{number}", END + 10 * MINUTE_MS))
    return sorted(events, key=lambda e: e["event_at"])


def committed(world, topic):
    partitions = [ck.TopicPartition(topic, p) for p in world.partitions(topic)]
    consumer = ck.Consumer({"bootstrap.servers": world.stack.kafka, "group.id": world.group})
    try:
        return [p for p in consumer.committed(partitions, timeout=20) if p.offset > 0]
    finally:
        consumer.close()


def forget(world):
    """Deletes what was committed; returns how many partitions were cut."""
    cut = [p for topic in (world.topic(), world.topic(f"{world.group}.tenant-log"))
           for p in committed(world, topic)]
    for future in world.admin.delete_records(cut).values():
        future.result(30)
    return len(cut)


def check_case(world):
    told = {(a["transition"], a["seq"]): a for a in world.alerts("ITEM_BREACH")}
    assert sorted(told) == [("FIRING", 1), ("RESOLVED", 2)], sorted(told)
    assert told["FIRING", 1]["condition_at"] == OPENED + 5 * DAY_MS
    assert told["RESOLVED", 2]["resolved_at"] == OPENED + 9 * DAY_MS


def check_demand(world):
    """The peak of every Monday is known by now, that of the Tuesday is not."""
    fired = [a["condition_at"] for a in world.alerts("DEMAND_SPIKE", topic="alerts.demand")
             if a["transition"] == "FIRING"]
    assert len(fired) == 1 and BURST < fired[0] <= BURST + 30 * MINUTE_MS, fired


def test_state_that_no_log_holds_survives_kills_and_a_wiped_redis(world):
    rng = random.Random(10)
    events = history(rng)
    world.create(partitions=2)
    world.contract(CONTRACT)
    runner = Runner(world, "one", clock="log", snapshot_interval="1s",
                    kafka={"topics": {"partitions": 2, "replication": 1}}).start()
    cut = 0
    for piece in range(PIECES):
        size = len(events) // PIECES + 1
        for event in events[piece * size:(piece + 1) * size]:
            world.send(event, at=event["event_at"])
        world.flush()
        if piece % 2:
            pause(rng.uniform(0.1, 1.0))
            runner.kill()
        else:
            runner.wait_idle(60)
            runner.stop()
            cut += forget(world)
        world.redis.flushdb()
        runner.start()
    runner.wait_idle(60)
    assert cut > PIECES, "the topics must have forgotten"
    expected = sum(e["type"] == "QUEUED" for e in events if e["event_at"] < END)

    def shown():
        return int(world.redis.hget("fw:{acme}:kpi:all:quarter", "offered") or 0)
    wait_for(f"{expected} in the quarter", lambda: shown() == expected, scaled(10),
             instead=lambda: f"but {shown()}; {runner.progress()}")
    runner.stop()
    check_case(world)
    check_demand(world)
