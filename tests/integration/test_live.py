"""The live clock, end to end: what a wallboard and an on-call integration see."""

import json
import subprocess
import time

import pytest

from harness import LIVE_TOPIC, Process, scaled, wait_for
from records import interaction

pytestmark = pytest.mark.timeout(240)

CONTRACT = {
    "contract": "acme-live", "version": 3, "tenant": "acme", "timezone": "UTC",
    "roles": {"duty": {"contact": "pager:acme-duty"}},
    "clocks": [{"name": "answer-fast", "clock": "speed_of_answer", "when": {"channel": ["voice"]},
                "target": "4s", "warn_at": ["50%"], "severity": "major"}],
    "objectives": [{"name": "voice-80-4", "metric": "service_level",
                    "variant": "answered_of_offered", "within": "4s",
                    "when": {"channel": ["voice"]}, "per": ["site", "queue"], "window": "1m",
                    "target": "at least 80%", "min_sample": 5, "severity": "critical",
                    "outcome": "lost orders", "owner": "duty"}],
    "feeds": {"silent_after": "10s", "skewed_after": "30s"},
}


def now_ms():
    return int(time.time() * 1000)


def started(world, partitions=2, contract=None):
    world.create(partitions=partitions, settings=LIVE_TOPIC)
    world.contract(contract or CONTRACT)
    return world.start(world.config(clock="live", kafka={
        "topics": {"partitions": partitions, "replication": 1}}))


def transitions(alerts):
    return [a["transition"] for a in sorted(alerts, key=lambda a: a["seq"])]


def of_kind(world, kind, **fields):
    return [a for a in world.alerts(kind)
            if all(a[name] == value for name, value in fields.items())]


def test_a_caller_who_waits_in_silence_breaches_on_time(world):
    """One QUEUED and then nothing at all: only ticks let time pass."""
    process = started(world)
    queued_at = now_ms()
    world.send(interaction("QUEUED", "call-1", queued_at))
    world.flush()
    breach = wait_for("the breach", lambda: of_kind(world, "ITEM_BREACH"), scaled(15))[0]
    risk = of_kind(world, "ITEM_AT_RISK")[0]
    assert risk["transition"] == breach["transition"] == "FIRING"
    assert risk["condition_at"] == queued_at + 2000
    assert breach["condition_at"] == breach["deadline_at"] == queued_at + 4000
    assert breach["emitted_at"] - breach["condition_at"] < scaled(3000)
    assert (breach["tenant_id"], breach["site_id"], breach["queue_id"], breach["channel"]) == (
        "acme", "krakow", "support", "voice")
    assert breach["interaction_id"] == "call-1"
    assert (breach["rule"], breach["contract"], breach["contract_version"]) == (
        "answer-fast", "acme-live", 3)
    assert breach["severity"] == "MAJOR" and breach["late"] is False
    assert breach["alert_id"] != risk["alert_id"] and breach["summary"]
    # The view follows the alert by up to view_interval.
    shown = json.loads(wait_for("the alert in the view", lambda: world.redis.hget(
        "fw:{acme}:alerts", breach["alert_id"]), scaled(10)))
    assert shown["kind"] == "ITEM_BREACH" and shown["interaction_id"] == "call-1"
    world.send(interaction("ANSWERED", "call-1", now_ms(), agent_id="a1"))
    world.flush()
    wait_for("the end of the breach",
             lambda: transitions(of_kind(world, "ITEM_BREACH"))[-1] == "RESOLVED", scaled(10))
    assert transitions(of_kind(world, "ITEM_AT_RISK")) == ["FIRING", "RESOLVED"]
    wait_for("no open alert", lambda: breach["alert_id"] not in
             world.redis.hgetall("fw:{acme}:alerts"), scaled(10))
    assert process.terminate() == 0


def test_redis_has_the_keys_that_the_contract_names(world):
    process = started(world)
    at = now_ms()
    world.send(interaction("QUEUED", "call-1", at))
    world.send(interaction("ANSWERED", "call-1", at + 10, agent_id="a1"))
    world.send(interaction("QUEUED", "call-2", at + 20))
    world.flush()
    scope = "site=krakow/queue=support/channel=voice"
    gauges = ["waiting", "in_service", "backlog"]
    wait_for("both calls", lambda: world.redis.hmget(f"fw:{{acme}}:now:{scope}", gauges)
             == ["1", "1", "2"], scaled(20))
    scopes = {"all", "vendor=harbor", "site=krakow", "queue=support", "channel=voice",
              "site=krakow/queue=support", scope}
    wait_for("its scopes", lambda: scopes <= world.redis.smembers("fw:{acme}:scopes"), scaled(10))
    now = world.redis.hgetall(f"fw:{{acme}}:now:{scope}")
    assert int(now["oldest_waiting_at"]) == at + 20
    assert abs(int(now["as_of"]) - now_ms()) < scaled(5000)
    step_passes(world, f"fw:{{acme}}:kpi:{scope}:5m")
    kpi = world.redis.hgetall(f"fw:{{acme}}:kpi:{scope}:5m")
    assert (kpi["offered"], kpi["answered"]) == ("2", "1")
    assert (kpi["asa_ms.n"], kpi["asa_ms.d"], float(kpi["asa_ms"])) == ("10", "1", 10.0)
    assert "aht_ms" not in kpi and "completeness" in kpi and "as_of" in kpi
    for key in (f"fw:{{acme}}:now:{scope}", f"fw:{{acme}}:kpi:{scope}:5m", "fw:{acme}:meta"):
        assert world.redis.hget(key, "_guard"), key
    meta = world.redis.hgetall("fw:{acme}:meta")
    assert (meta["contract"], meta["contract_version"]) == ("acme-live", "3")
    assert abs(int(meta["as_of"]) - now_ms()) < scaled(5000) and int(meta["lag_ms"]) >= 0
    for window in ("1m", "5m", "15m", "30m"):
        step_passes(world, f"fw:{{acme}}:kpi:all:{window}")
    for window in ("1h", "4h", "8h", "24h"):
        assert world.redis.exists(f"fw:{{acme}}:kpi:all:{window}"), window
    process.terminate()


def step_passes(world, key, offered="2"):
    """Figures of a rolling window are those of the last step, which comes every 10 s."""
    wait_for("the step", lambda: world.redis.hget(key, "offered") == offered, scaled(30))


def test_names_are_percent_encoded_in_keys(world):
    process = started(world, contract={**CONTRACT, "tenant": "acme & sons"})
    world.send(interaction("QUEUED", "call-1", now_ms(), tenant_id="acme & sons",
                           queue_id="a/b=c é"))
    world.flush()
    key = "fw:{acme%20%26%20sons}:now:queue=a%2Fb%3Dc%20%C3%A9"
    wait_for(key, lambda: world.redis.hget(key, "waiting") == "1", scaled(20))
    process.terminate()


def test_an_objective_breaches_and_recovers(world):
    """Ten callers who wait too long, then forty who do not."""
    process = started(world, contract={**CONTRACT, "clocks": []})
    at = now_ms()
    for i in range(10):
        world.send(interaction("QUEUED", f"slow-{i}", at))  # no step comes between them
    world.flush()
    breach = wait_for("the breach", lambda: of_kind(world, "OBJECTIVE_BREACH"), scaled(30))[0]
    assert breach["condition_at"] % 10_000 == 0
    assert (breach["numerator"], breach["denominator"], breach["sample"]) == (0, 10, 10)
    assert (breach["observed"], breach["threshold"]) == (0.0, 0.8)
    assert breach["unit"] == "RATIO" and breach["severity"] == "CRITICAL"
    assert (breach["site_id"], breach["queue_id"], breach["channel"]) == (
        "krakow", "support", None)
    assert breach["outcome"] == "lost orders"
    field = "voice-80-4 site=krakow/queue=support"

    def shown():
        figure = json.loads(world.redis.hget("fw:{acme}:objectives", field) or "{}")
        return [figure.get(k) for k in ("n", "d", "target")]

    # The view follows the alert by up to view_interval.
    wait_for("the figure that was judged", lambda: shown() == [0, 10, 0.8], scaled(10))
    for i in range(45):
        at = now_ms()
        world.send(interaction("QUEUED", f"fast-{i}", at))
        world.send(interaction("ANSWERED", f"fast-{i}", at + 1, agent_id="a1"))
    world.flush()
    wait_for("the recovery", lambda: transitions(of_kind(world, "OBJECTIVE_BREACH"))[-1]
             == "RESOLVED", scaled(30))
    process.terminate()


def test_a_site_that_falls_silent_is_told_of(world):
    process = started(world)
    for i in range(5):
        world.send(interaction("QUEUED", f"call-{i}", now_ms()))
        world.send(interaction("ABANDONED", f"call-{i}", now_ms()))
        world.flush()
        time.sleep(0.5)

    def silent():
        return world.alerts("FEED_SILENT", topic="alerts.operations")
    told = wait_for("the silence", silent, scaled(40))
    assert told[0]["site_id"] == "krakow" and told[0]["transition"] == "FIRING"
    world.send(interaction("QUEUED", "call-9", now_ms()))
    world.flush()
    wait_for("its end", lambda: transitions(silent())[-1] == "RESOLVED", scaled(20))
    process.terminate()


def test_tail_prints_alerts_as_they_come(world):
    process = started(world)
    world.send(interaction("QUEUED", "call-1", now_ms()))
    world.flush()
    wait_for("the breach", lambda: of_kind(world, "ITEM_BREACH"), scaled(15))
    config = world.folder / "floorwalker.yaml"
    tail = Process([world.stack.floorwalker, "tail", "--config", str(config), "--from",
                    str(now_ms() - 600_000), "--kind", "ITEM_BREACH", "--json"],
                   world.folder / "tail.log")
    try:
        line = wait_for("a line", lambda: [x for x in tail.output.splitlines()
                                           if x.startswith("{")], scaled(15))[0]
        told = json.loads(line)
        assert told["kind"] == "ITEM_BREACH" and told["interaction_id"] == "call-1"
        assert "ITEM_AT_RISK" not in tail.output
    finally:
        tail.popen.terminate()
        tail.close()
    process.terminate()


def test_a_process_that_is_killed_loses_and_repeats_nothing(world):
    """kill -9 between a call and its breach: one breach, and every call counted once."""
    process = started(world)
    for i in range(200):
        at = now_ms()
        world.send(interaction("QUEUED", f"call-{i}", at))
        world.send(interaction("ANSWERED", f"call-{i}", at + 1, agent_id="a1"))
    world.send(interaction("QUEUED", "waits", now_ms()))
    world.flush()
    wait_for("the calls", lambda: world.redis.hmget(
        "fw:{acme}:now:all", ["waiting", "in_service"]) == ["1", "200"], scaled(20))
    process.popen.kill()
    process.close()
    time.sleep(5)  # beyond the deadline
    again = world.start(world.config(clock="live", kafka={
        "topics": {"partitions": 2, "replication": 1}}), name="again", timeout_s=scaled(60))
    wait_for("the breach", lambda: of_kind(world, "ITEM_BREACH"), scaled(20))
    time.sleep(2)  # for one that is told twice
    breaches = of_kind(world, "ITEM_BREACH")
    assert [(a["interaction_id"], a["transition"]) for a in breaches] == [("waits", "FIRING")]
    step_passes(world, "fw:{acme}:kpi:all:5m", "201")
    again.terminate()


def test_top_draws_the_board_once(world):
    process = started(world)
    world.send(interaction("QUEUED", "call-1", now_ms()))
    world.flush()
    wait_for("the call", lambda: world.redis.hget("fw:{acme}:now:all", "waiting") == "1",
             scaled(15))
    config = world.folder / "floorwalker.yaml"
    top = Process([world.stack.floorwalker, "top", "--config", str(config), "--tenant", "acme"],
                  world.folder / "top.log")
    try:
        wait_for("the board", lambda: "support" in top.output, scaled(10))
    finally:
        top.popen.send_signal(subprocess.signal.SIGINT)
        top.close()
    process.terminate()


def test_metrics_and_health(world):
    process = started(world)
    assert world.http("/healthz")[0] == 200
    status, text = world.http("/metrics")
    assert status == 200 and "# TYPE" in text
    wait_for("idle", lambda: json.loads(world.http("/progress")[1])["idle"] is True, scaled(20))
    process.terminate()
