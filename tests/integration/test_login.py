"""A Kafka that asks for a password: with the right one all works, a wrong one is said at once."""

import dataclasses
import time

import pytest

from faults_run import OwnBroker
from harness import World, scaled
from records import interaction

pytestmark = pytest.mark.timeout(240)

USER, PASSWORD, WRONG = "walker", "open-sesame", "open-barley"
START = 1_767_600_000_000  # 2026-01-05T08:00:00Z
CONTRACT = {"contract": "acme", "version": 1, "tenant": "acme", "timezone": "UTC", "clocks": [
    {"name": "answer", "clock": "speed_of_answer", "when": {"channel": ["voice"]},
     "target": "5s", "severity": "major"}]}
WITHIN_S = 10


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    own = OwnBroker(tmp_path_factory.mktemp("broker"), login=f"{USER}:{PASSWORD}")
    own.start()
    yield own
    own.close()


@pytest.fixture
def guarded(stack, broker, tmp_path):
    """A world in which tests write without a password; the processor's door asks for one."""
    made = World(dataclasses.replace(stack, kafka=broker.addresses["KAFKA"]), tmp_path,
                 f"login{time.time_ns()}", 10)
    made.contract(CONTRACT)
    yield made
    made.close()


def config(world, broker, password, **more):
    login = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN",
             "sasl.username": USER, "sasl.password": password}
    return world.config(kafka={"brokers": broker.addresses["KAFKA_LOGIN"], "properties": login,
                               "topics": {"partitions": 1, "replication": 1}}, **more)


def test_the_right_password(guarded, broker):
    """Read, judged, written and committed through the door; check finds nothing wrong."""
    guarded.create()
    for kind, after in (("QUEUED", 0), ("ANSWERED", 9000), ("DISCONNECTED", 20_000)):
        guarded.send(interaction(kind, "call-1", START + after, agent_id="a1"), at=START + after)
    guarded.flush()
    path = config(guarded, broker, PASSWORD)
    guarded.replay(path)
    assert [a["transition"] for a in guarded.alerts("ITEM_BREACH")] == ["FIRING", "RESOLVED"]
    figures = guarded.kpis("1h", {"offered", "handled"}, {()})
    assert sum(f["handled"][0] for f in figures.values()) == 1
    again = guarded.replay(path)  # from the committed offset: nothing is told twice
    assert '"committed":3' in again.stdout + again.stderr
    assert len(guarded.alerts("ITEM_BREACH")) == 2
    done = guarded.floorwalker("check", "--connect", "--config", path)
    assert done.returncode == 0, done.stdout + done.stderr


def expect_the_reason(said, broker):
    assert f"at {broker.addresses['KAFKA_LOGIN']} refused the login of user '{USER}'" in \
        said.replace('"', "'").replace("\\", ""), said
    assert "sasl.password" in said, said
    assert WRONG not in said and PASSWORD not in said


@pytest.mark.parametrize("clock", ["live", "log"])
def test_a_wrong_password(guarded, broker, clock):
    path = config(guarded, broker, WRONG, clock=clock)
    begun = time.monotonic()
    process = guarded.start(path, ready=False)
    assert process.wait(scaled(WITHIN_S + 20)) == 1, process.output
    assert time.monotonic() - begun < scaled(WITHIN_S)
    expect_the_reason(process.output, broker)


@pytest.mark.parametrize("command, status", [(("check", "--connect"), 2), (("tail",), 1)])
def test_a_wrong_password_of_a_command(guarded, broker, command, status):
    begun = time.monotonic()
    done = guarded.floorwalker(*command, "--config", config(guarded, broker, WRONG))
    assert time.monotonic() - begun < scaled(WITHIN_S)
    assert done.returncode == status, done.stdout + done.stderr
    expect_the_reason(done.stdout + done.stderr, broker)
