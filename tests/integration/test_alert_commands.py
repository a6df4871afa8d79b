"""What people say about alerts, and who is told when nobody does: commands, tiers, the trail."""

import subprocess
import time

import pytest

from harness import LIVE_TOPIC, scaled, wait_for
from records import Writer, interaction

pytestmark = pytest.mark.timeout(240)

CONTRACT = {
    "contract": "acme-live", "version": 1, "tenant": "acme", "timezone": "UTC",
    "roles": {"duty": {"contact": "pager:duty"}, "lead": {"contact": "pager:lead"}},
    "escalations": {"standard": [{"after": "0s", "role": "duty"}, {"after": "6s", "role": "lead"}]},
    "clocks": [{"name": "answer", "clock": "speed_of_answer", "when": {"channel": ["voice"]},
                "target": "1s", "severity": "major", "escalation": "standard"}],
}


def told(world):
    """interaction -> its alerts in the order of their seq."""
    out = {}
    for alert in world.alerts("ITEM_BREACH"):
        out.setdefault(alert["interaction_id"], []).append(alert)
    return {name: sorted(those, key=lambda a: a["seq"]) for name, those in out.items()}


def transitions(world, name):
    return [a["transition"] for a in told(world).get(name, [])]


def send_command(world, **fields):
    """As another program would: a record of its own, by our schema."""
    write = Writer(world.registry, "AlertCommand")
    world.send_raw(write({"event_id": f"e{time.time_ns()}", "tenant_id": "acme", "event_at": 1,
                          **fields}), b"acme", topic="tenants")
    world.flush()


def trail(world):
    return [(r["action"], r["actor"]) for r in world.records("audit")
            if r["action"].startswith("alert_")]


def test_who_acknowledges_stops_the_escalation(world):
    world.create(settings=LIVE_TOPIC)
    world.create("tenants", settings=LIVE_TOPIC)
    world.contract(CONTRACT)
    path = world.config(clock="live", kafka={"topics": {"partitions": 1, "replication": 1}})
    process = world.start(path)
    at = int(time.time() * 1000)
    for name in ("heard", "unheard", "hushed"):
        world.send(interaction("QUEUED", name, at))
    world.flush()
    first = wait_for("three breaches", lambda: len(told(world)) == 3 and told(world), scaled(15))
    ids = {name: those[0]["alert_id"] for name, those in first.items()}
    assert {those[0]["contact_role"] for those in first.values()} == {"duty"}
    wait_for("them in the view",
             lambda: set(ids.values()) <= set(world.redis.hgetall("fw:{acme}:alerts")), scaled(10))
    said = world.floorwalker("alert", "ack", ids["heard"], "--as", "duty", "--config", path)
    assert said.returncode == 0, said.stderr
    send_command(world, alert_id=ids["hushed"], op="RESOLVE", command_id="once", seq=1)
    send_command(world, alert_id=ids["hushed"], op="RESOLVE", command_id="once", seq=1)
    send_command(world, alert_id="nobody", op="ACK", command_id="lost")
    wait_for("the escalation", lambda: transitions(world, "unheard") == ["FIRING", "ESCALATED"],
             scaled(15))
    last = told(world)["unheard"][-1]
    assert (last["tier"], last["contact_role"]) == (1, "lead")
    assert transitions(world, "heard") == ["FIRING", "ACKED"]
    assert transitions(world, "hushed") == ["FIRING", "ACKED", "SILENCED"]
    for name in ids:
        world.send(interaction("ANSWERED", name, int(time.time() * 1000), agent_id="a1"))
    world.flush()
    wait_for("their ends", lambda: all(transitions(world, name)[-1] == "RESOLVED" for name in ids),
             scaled(15))
    assert sorted(trail(world)) == [("alert_ack", "duty"), ("alert_ack_refused", "unknown"),
                                    ("alert_resolve", "unknown")]  # the repeat says nothing
    assert process.terminate() == 0
    gone = world.floorwalker("alert", "ack", ids["heard"], "--config", path)
    assert gone.returncode == 1 and "no tenant has alert" in gone.stderr


@pytest.mark.parametrize("arguments, said", [
    ((), "missing is \"OPERATION\""), (("ack",), "missing is \"ALERT_ID\""),
    (("hush", "a1"), "\"hush\" is no operation; there are ack unack silence"),
    (("note", "a1"), "needs \"--text\""), (("ack", "a1", "--until", "0"), "has no \"--until\""),
    (("silence", "a1", "--until", "soon"), "--until"),
    (("ack", "a1", "a2"), "one alert at a time")])
def test_a_command_that_is_not_whole_is_refused(tmp_path, stack, arguments, said):
    settings = tmp_path / "floorwalker.yaml"
    settings.write_text("kafka: {brokers: 127.0.0.1:9, group: g}\n")
    done = subprocess.run([stack.floorwalker, "alert", *arguments, "--config", settings], text=True,
                          capture_output=True, timeout=30)
    assert done.returncode == 2 and said in done.stderr
