"""What a process finds when it starts again: other contracts, or a log that has lost records."""

import copy
import json
import signal

import pytest

from faults_load import CONTRACT, Traffic, now_ms
from faults_run import ALL_PARTITIONS, Held, Runner, expect_the_recount, pause, prepared
from harness import scaled, wait_for
from records import interaction

pytestmark = pytest.mark.timeout(240)

ENDS = {"RESOLVED", "EXPIRED", "VOIDED"}


# ---- contracts ----

def changed(version, **clock):
    """The contract of the load in another version."""
    contract = copy.deepcopy(CONTRACT)
    contract["version"] = version
    contract["clocks"][0].update(clock)
    return contract


def one_who_waits(world, name):
    world.send(interaction("QUEUED", name, now_ms()))
    world.flush()


def told(world, name):
    """(rule, kind, transition) of the item alerts about one caller, in their order."""
    return [(a["rule"], a["kind"], a["transition"]) for a in world.alerts()
            if a["interaction_id"] == name]


def wait_for_alert(world, name, *expected):
    wait_for(f"{expected} of {name}", lambda: expected in told(world, name), scaled(20))


def test_a_change_of_contracts_under_load(world):
    """Killed again and again, each time started with other contracts: what they have in common is
    the recount all the same, and nothing was told twice."""
    prepared(world)
    runner = Runner(world, "one").start()
    traffic = Traffic(world, seed=21)
    for version in range(2, 6):
        contract = changed(version)
        contract["objectives"].append({**contract["objectives"][0], "name": f"extra-{version}",
                                       "within": f"{version}s", "window": "5m"})
        world.contract(contract)
        pause(1.5)
        runner.kill()
        runner.start()
        runner.kill()
        runner.start(ready=False)
    traffic.stop()
    runner.ready()
    runner.wait_idle()
    expect_the_recount(world)
    metadata = world.redis.hgetall("fw:{acme}:meta")
    assert metadata["contract_version"] == "5"
    runner.stop()


def test_a_clock_of_another_name_and_one_that_is_gone(world):
    """What was said of it ends with the reason; the new clock takes over where it stands."""
    prepared(world)
    runner = Runner(world, "one").start()
    one_who_waits(world, "patient")
    wait_for_alert(world, "patient", "answer-fast", "ITEM_BREACH", "FIRING")
    runner.kill()
    world.contract(changed(2, name="answer-soon", target="5s"))
    runner.start()
    wait_for_alert(world, "patient", "answer-fast", "ITEM_BREACH", "RESOLVED")
    wait_for_alert(world, "patient", "answer-soon", "ITEM_BREACH", "FIRING")
    runner.stop()
    contract = changed(3)
    contract["clocks"] = []
    world.contract(contract)
    runner.start()
    wait_for_alert(world, "patient", "answer-soon", "ITEM_BREACH", "VOIDED")
    reasons = {a["rule"]: a["summary"] for a in world.alerts("ITEM_BREACH")
               if a["interaction_id"] == "patient" and a["transition"] in ENDS}
    assert "the contract changed" in reasons["answer-fast"]
    assert "no longer has the clock" in reasons["answer-soon"]
    runner.stop()


def test_a_lower_version_is_never_taken(world):
    """Refused at the start with the remedy, and so on SIGHUP."""
    prepared(world)
    world.contract(changed(3))
    runner = Runner(world, "one").start()
    world.contract(changed(2))
    runner.signal(signal.SIGHUP)
    wait_for("the refusal", lambda: "reload_refused" in runner.process.output, scaled(10))
    runner.stop()
    runner.start(ready=False)
    assert runner.process.wait(scaled(20)) == 2
    assert "version 2, but version 3 has been in force" in runner.process.output
    world.contract(changed(3))
    runner.start()
    runner.stop()


def test_contracts_are_taken_anew_on_sighup(world):
    """A good one while it runs, with its effects; a bad one is refused and the old one stays."""
    prepared(world)
    runner = Runner(world, "one").start()
    one_who_waits(world, "patient")
    wait_for_alert(world, "patient", "answer-fast", "ITEM_BREACH", "FIRING")
    world.contract("contract: [")
    runner.signal(signal.SIGHUP)
    wait_for("the refusal", lambda: "reload_refused" in runner.process.output, scaled(10))
    world.contract(changed(2, name="answer-soon"))
    runner.signal(signal.SIGHUP)
    wait_for_alert(world, "patient", "answer-fast", "ITEM_BREACH", "RESOLVED")
    wait_for_alert(world, "patient", "answer-soon", "ITEM_BREACH", "FIRING")
    assert '"reloaded"' in runner.process.output
    runner.kill()
    runner.start()
    one_who_waits(world, "another")
    wait_for_alert(world, "another", "answer-soon", "ITEM_BREACH", "FIRING")
    assert told(world, "patient").count(("answer-soon", "ITEM_BREACH", "FIRING")) == 1
    runner.stop()
    trail = list(world.records("audit"))
    assert [(r["tenant_id"], r["seq"], r["prev_hash"], r["action"], r["contract_version"])
            for r in trail] == [("acme", 1, "", "contract_changed", 2)]
    assert "clock answer-soon added, clock answer-fast gone" in trail[0]["detail"]


def test_two_processes_during_a_change(world):
    """One is started anew with new contracts, then dies: the other takes its partitions over, and
    their contracts with them."""
    prepared(world)
    one, two = (Runner(world, name).start() for name in ("one", "two"))
    wait_for("a share for each", lambda: one.live() and two.live(), scaled(40))
    traffic = Traffic(world, seed=22)
    pause(2)
    contract = changed(2)
    contract["objectives"][0]["target"] = "at least 50%"
    world.contract(contract)
    one.stop()
    one.start()
    pause(2)
    one.kill()
    wait_for("all of it", lambda: two.live() == ALL_PARTITIONS, scaled(40))
    traffic.stop()
    two.wait_idle()
    expect_the_recount(world)
    shown = json.dumps(world.redis.hgetall("fw:{acme}:meta"))
    assert '"contract_version": "2"' in shown
    two.stop()


# ---- records that are gone ----

def gaps(world):
    """{source: transitions in their order} of the DATA_GAP alerts."""
    found = {}
    for alert in world.alerts("DATA_GAP", topic="alerts.operations"):
        found.setdefault(alert["rule"], []).append(alert["transition"])
    return found


def kept(world):
    """Callers whose QUEUED the input topic still has."""
    return {e["interaction_id"] for e in world.records("interactions")
            if e.get("type") == "QUEUED"}


def test_records_that_expired_before_they_were_read(world):
    """The counters go on with what is there, DATA_GAP says what is not, and windows carry it."""
    prepared(world)
    runner = Runner(world, "one").start()
    for i in range(20):
        one_who_waits(world, f"before-{i}")
    wait_for("a window", lambda: world.redis.hget("fw:{acme}:kpi:all:30m", "offered") == "20",
             scaled(20))
    runner.wait_idle()
    runner.stop()
    for i in range(40):
        one_who_waits(world, f"lost-{i}")
    topic = world.topic()
    world.expire(topic, {p: -1 for p in world.partitions(topic)})  # all that is there
    for i in range(10):
        one_who_waits(world, f"after-{i}")
    there = {name for name in kept(world) if name.startswith("after-")}
    assert len(there) == 10
    runner.start()
    wait_for("the alerts", lambda: len(gaps(world)) == 4, scaled(30))
    assert all(told == ["FIRING"] for told in gaps(world).values())
    wait_for("the counts", lambda: world.redis.hget("fw:{acme}:kpi:all:30m", "offered") == "30",
             scaled(20))
    assert float(world.redis.hget("fw:{acme}:kpi:all:30m", "completeness")) < 1
    assert world.redis.hget("fw:{acme}:now:all", "waiting") == "30"
    runner.kill()
    runner.start()
    runner.wait_idle()
    assert all(told == ["FIRING"] for told in gaps(world).values())
    runner.stop()


def test_records_that_expire_under_the_reader(world):
    """Noticed while running, the process ends with the reason and goes on at the next start."""
    prepared(world)
    runner = Runner(world, "one").start()
    one_who_waits(world, "before")
    runner.wait_idle()
    with Held(runner.process.popen.pid):
        for i in range(100):
            one_who_waits(world, f"lost-{i}")
        topic = world.topic()
        world.expire(topic, {p: -1 for p in world.partitions(topic)})
    assert "expired before they were read" in runner.expect_refusal(30)
    one_who_waits(world, "after")
    runner.start()
    wait_for("the alerts", lambda: gaps(world), scaled(30))
    wait_for_alert(world, "after", "answer-fast", "ITEM_BREACH", "FIRING")
    runner.stop()


def test_the_tenant_log_expired(world):
    """Reports that no tenant task has read: what they held is gone, and said to be."""
    prepared(world)
    runner = Runner(world, "one", snapshot_interval="1h").start()
    for i in range(20):
        one_who_waits(world, f"before-{i}")
    runner.wait_idle()
    runner.kill()
    log = f"{world.prefix}{world.group}.tenant-log"
    world.expire(log, {p: -1 for p in world.partitions(log)})
    runner.start()
    one_who_waits(world, "after")
    wait_for("the alerts", lambda: "tenant-log" in gaps(world), scaled(30))
    wait_for_alert(world, "after", "answer-fast", "ITEM_BREACH", "FIRING")
    runner.stop()


def test_the_group_forgot_its_offsets(world):
    """As after a week of standing still: `start` is for groups that are new, not for this one."""
    prepared(world)
    runner = Runner(world, "one", start="latest").start()
    for i in range(20):
        one_who_waits(world, f"before-{i}")
    runner.wait_idle()
    runner.stop()
    wait_for("the group's end", lambda: world.forget_offsets(), scaled(30))
    one_who_waits(world, "meanwhile")
    runner.start()
    wait_for("the alerts", lambda: len(gaps(world)) == 5, scaled(30))
    wait_for_alert(world, "meanwhile", "answer-fast", "ITEM_BREACH", "FIRING")
    runner.stop()


def test_an_offset_of_long_ago(world):
    """As from a broker that comes back with what it knew minutes before: nothing counts twice."""
    prepared(world)
    runner = Runner(world, "one")
    positions = []
    for part in range(2):
        runner.start()
        traffic = Traffic(world, seed=40 + part)
        pause(2)
        traffic.stop()
        runner.wait_idle()
        runner.stop()
        positions.append(world.positions())
    before, after = positions
    assert sum(p.offset for p in before) < sum(p.offset for p in after)
    wait_for("an empty group", lambda: world.move(before), scaled(20))
    assert "is committed: the brokers answer with an old offset" in (
        runner.start(ready=False).expect_refusal())
    wait_for("an empty group", lambda: world.move(after), scaled(20))
    runner.start()
    runner.wait_idle()
    expect_the_recount(world)
    runner.stop()
