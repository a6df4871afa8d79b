"""Partitions that move: with a broker behind a proxy that can stop one client's bytes."""

import contextlib
import dataclasses
import signal
import threading
import time

import confluent_kafka as ck
import pytest

from faults_load import Traffic, now_ms
from faults_run import (ALL_PARTITIONS, OwnBroker, Runner, Supervisor, expect_the_recount, pause,
                        prepared)
from harness import World, scaled, wait_for
from proxy import Proxy

pytestmark = pytest.mark.timeout(240)


@dataclasses.dataclass
class Proxied:
    """A world whose processors may speak to Kafka through a proxy."""
    world: World
    proxy: Proxy

    def runner(self, name, **kafka):
        settings = {"brokers": self.proxy.address, "topics": {"partitions": 4, "replication": 1}}
        return Runner(self.world, name, kafka={**settings, **kafka})


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    proxy = Proxy("127.0.0.1:1")  # its port is what the broker tells its clients
    own = OwnBroker(tmp_path_factory.mktemp("group") / "broker", proxy_port=proxy.port)
    kafka = own.start()
    host, port = own.addresses["PROXIED"].split(":")
    proxy.target = host, int(port)
    proxy.start()
    yield kafka, proxy
    proxy.close()
    own.close()


@pytest.fixture
def proxied(stack, broker, tmp_path, request):
    kafka, proxy = broker
    name = request.node.name.removeprefix("test_").replace("_", "-")[:40]
    world = World(dataclasses.replace(stack, kafka=kafka), tmp_path, name, 11)
    prepared(world)
    with contextlib.closing(world):
        yield Proxied(world, proxy)


def owned(world):
    """How many partitions the group has given to somebody; -1 while it rebalances."""
    told = world.admin.describe_consumer_groups([world.group])[world.group].result(10)
    if told.state != ck.ConsumerGroupState.STABLE:
        return -1
    return sum(len(m.assignment.topic_partitions) for m in told.members)


def shared(*runners):
    """Whether all partitions live, each at one of them and none without any."""
    live = [runner.live() for runner in runners]
    return all(live) and sum(map(len, live)) == len(ALL_PARTITIONS) and (
        set().union(*live) == ALL_PARTITIONS)


def committers(runner):
    """What the transactional client of one processor calls itself."""
    return f"floorwalker-{runner.world.group}-{runner.name}-committer".encode()


def test_a_revoke_does_not_wait_for_a_commit_that_hangs(proxied):
    """What goes to another process is committed first, but not at any price: whoever cannot, ends,
    and the other one does it again."""
    first = proxied.runner("one").start()
    traffic = Traffic(proxied.world, seed=21)
    pause(1)
    with proxied.proxy.stalled(name=committers(first)) as held:
        assert held
        second = proxied.runner("two").start(ready=False)
        begun = time.monotonic()
        reason = first.expect_refusal(25)
        took_s = time.monotonic() - begun
        assert "not committed" in reason or "in time" in reason
        assert took_s < scaled(12), reason
    wait_for("every partition", lambda: second.live() == ALL_PARTITIONS, scaled(30))
    traffic.stop()
    expect_the_recount(proxied.world)
    second.stop()


def test_who_dies_in_the_middle_of_a_rebalance_leaves_nothing_behind(proxied):
    """Killed after the group told it what to give up and before it said that it did, it comes back
    to the rest, and the group is content: somebody must see that partitions belong to nobody."""
    world = proxied.world
    first = proxied.runner("one").start()
    traffic = Traffic(world, seed=22)
    pause(1)
    with proxied.proxy.stalled(name=committers(first)):
        second = proxied.runner("two").start(ready=False)
        wait_for("a revoke", lambda: 0 <= owned(world) < len(ALL_PARTITIONS), scaled(10), 0.05)
        first.kill()
    first.start(ready=False)
    pause(1)
    assert 0 <= owned(world) < len(ALL_PARTITIONS), "this was not the moment that is meant"
    wait_for("all partitions", lambda: shared(first, second), scaled(30))
    traffic.stop()
    expect_the_recount(world)
    first.stop()
    second.stop()


def test_snapshots_behind_an_open_transaction_are_waited_for(proxied):
    """A transaction that a dead process left open ends what a reader of committed records is told:
    snapshots behind it are not missing."""
    world = proxied.world
    runner = proxied.runner("one").start()
    traffic = Traffic(world, seed=24)
    pause(4)
    dead = ck.Producer({"bootstrap.servers": world.stack.kafka,
                        "transactional.id": f"{world.group}-dead"})
    dead.init_transactions(10)
    dead.begin_transaction()
    state = f"{world.prefix}{world.group}.state"
    for p in world.partitions(state):
        dead.produce(state, b"half", b"nobody/0/0", p)
    dead.flush(10)
    pause(1.2)  # some of the tasks have written a snapshot behind it, others have not
    runner.kill()
    runner.start(ready=False)
    pause(3)
    dead.abort_transaction(10)
    runner.ready()
    assert "snapshot_refused" not in runner.process.output, runner.process.output[-3000:]
    traffic.stop()
    runner.wait_idle()
    expect_the_recount(world, held_back=True)
    runner.stop()


class Listener:
    """A read_committed reader of the SLA alerts: when each came, as (alert, wall time)."""

    def __init__(self, world):
        self.world, self.told, self.ended = world, [], threading.Event()
        self.consumer = ck.Consumer({
            "bootstrap.servers": world.stack.kafka, "group.id": f"{world.group}-listener",
            "isolation.level": "read_committed", "enable.auto.commit": False,
            "auto.offset.reset": "earliest", "fetch.wait.max.ms": 20})
        topic = world.topic("alerts.sla")
        self.consumer.assign([ck.TopicPartition(topic, p, 0) for p in world.partitions(topic)])
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.ended.is_set():
            for message in self.consumer.consume(500, 0.05):
                if message.error() is None:
                    self.told.append((self.world.registry.decode(message.value()), now_ms()))

    def stop(self):
        self.ended.set()
        self.thread.join(10)
        self.consumer.close()
        return self.told


def test_a_rolling_restart_delays_no_alert(proxied):
    """SIGTERM to one of three after the other under load, each started again at once: no alert is
    readable later than 5 s after its condition, none is lost, none comes twice."""
    world = proxied.world
    runners = [proxied.runner(name).start(ready=False) for name in ("one", "two", "three")]
    wait_for("three who share", lambda: shared(*runners), scaled(60))
    with contextlib.ExitStack() as cleanup:
        supervisors = [cleanup.enter_context(contextlib.closing(Supervisor(r))) for r in runners]
        traffic = Traffic(world, seed=23, calls_per_s=60)
        pause(6)
        listener = Listener(world)
        begun = now_ms()
        for runner in runners:
            process = runner.process
            process.popen.send_signal(signal.SIGTERM)
            wait_for("its end", lambda p=process: p.status is not None, scaled(15))
            wait_for("a new one", lambda p=process, r=runner: r.process is not p, 10)
            wait_for("readiness", lambda r=runner: world.http("/readyz", r.port)[0] == 200,
                     scaled(20))
        pause(3)
        told = listener.stop()
        traffic.stop()
        for runner in runners:
            runner.wait_idle()
        expect_the_recount(world)
    late = [(at - a["condition_at"], a["kind"], a["transition"], a["alert_id"]) for a, at in told
            if a["transition"] == "FIRING" and a["condition_at"] > begun - 1000]
    assert len(late) > 50
    assert max(late)[0] < scaled(5) * 1000, sorted(late)[-5:]
    assert [reason for s in supervisors for reason in s.reasons] == [(0, "")] * 3
    for runner in runners:
        runner.stop()
