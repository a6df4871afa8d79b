"""A Kafka that asks who comes: the right password opens it; a wrong one or a missing right is said.
"""

import dataclasses
import time

import pytest
from confluent_kafka.admin import (AclBinding, AclBindingFilter, AclOperation, AclPermissionType,
                                   ResourcePatternType, ResourceType)

from faults_run import OwnBroker
from harness import LIVE_TOPIC, World, scaled, wait_for
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
    told = guarded.floorwalker("check", "--connect", "--config", path)
    assert told.returncode == 0, told.stdout + told.stderr


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
    told = guarded.floorwalker(*command, "--config", config(guarded, broker, WRONG))
    assert time.monotonic() - begun < scaled(WITHIN_S)
    assert told.returncode == status, told.stdout + told.stderr
    expect_the_reason(told.stdout + told.stderr, broker)


# ---- rights ----

@pytest.fixture
def rule(guarded):
    """Sets an ACL for the user; the test's end takes it away. The controller takes it, the broker
    hears of it a moment later."""
    def add(operation, permission, name, kind=ResourceType.TOPIC,
            pattern=ResourcePatternType.LITERAL):
        done(guarded.admin.create_acls([AclBinding(kind, name, pattern, f"User:{USER}", "*",
                                                   operation, permission)]))
        wanted = AclBindingFilter(kind, name, pattern, f"User:{USER}", "*", operation, permission)
        wait_for("a rule that the broker goes by",
                 lambda: guarded.admin.describe_acls(wanted).result(30), scaled(30), 0.05)
    yield add
    done(guarded.admin.delete_acls([AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY,
        AclPermissionType.ANY)]))


def done(futures):
    for future in futures.values():
        future.result(30)


def test_a_topic_that_may_not_be_created(guarded, broker, rule):
    rule(AclOperation.CREATE, AclPermissionType.DENY, "kafka-cluster",
         kind=ResourceType.BROKER)
    rule(AclOperation.CREATE, AclPermissionType.DENY, guarded.prefix,
         pattern=ResourcePatternType.PREFIXED)
    path = config(guarded, broker, PASSWORD)
    process = guarded.start(path, ready=False)
    assert process.wait(scaled(30)) == 1, process.output
    told = guarded.floorwalker("check", "--connect", "--config", path)
    assert told.returncode == 2, told.stdout
    for said in (process.output, told.stdout + told.stderr):
        assert f"topic {guarded.topic()} does not exist and could not be created" in said, said
        assert "create it, or give this user the right to" in said, said


def test_a_topic_that_is_hidden(guarded, broker, rule):
    """For the brokers it does not exist, until it is to be created."""
    guarded.create()
    rule(AclOperation.DESCRIBE, AclPermissionType.DENY, guarded.topic())
    path = config(guarded, broker, PASSWORD)
    told = guarded.floorwalker("check", "--connect", "--config", path)
    assert told.returncode == 2, told.stdout
    assert f"topic {guarded.topic()}: this user needs the right to describe it" in \
        told.stdout + told.stderr
    process = guarded.start(path, ready=False)
    assert process.wait(scaled(60)) == 1, process.output
    assert guarded.topic() in process.output and "authorization failed" in process.output


def test_ticks_that_may_not_be_written(guarded, broker, rule):
    """clock: live writes into its input; check says so before it is too late, and so does run."""
    guarded.create(settings=LIVE_TOPIC)
    rule(AclOperation.READ, AclPermissionType.ALLOW, guarded.topic())
    path = config(guarded, broker, PASSWORD, clock="live")
    told = guarded.floorwalker("check", "--connect", "--config", path)
    assert told.returncode == 2, told.stdout
    assert f"topic {guarded.topic()}: this user needs the right to write (ticks" in \
        told.stdout + told.stderr
    process = guarded.start(path, ready=False)
    assert process.wait(scaled(60)) == 1, process.output
    assert f"ticks cannot be written into {guarded.topic()}" in process.output, process.output
    log = guarded.floorwalker("check", "--connect", "--config", config(guarded, broker, PASSWORD))
    assert log.returncode == 0, log.stdout + log.stderr
