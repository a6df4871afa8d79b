"""The promise under faults: what came out is a recount of what the input topic holds.

Callers come at a steady rate while processors, Redis or the broker are killed or held. Nothing here
trusts what the sender meant to send.
"""

import contextlib
import dataclasses
import random
import time

import pytest

from faults import OwnRedis
from faults_load import Traffic, now_ms
from faults_run import (ALL_PARTITIONS, Held, OwnBroker, Runner, Supervisor, expect_the_recount,
                        expect_the_view, pause, prepared, redis_of)
from harness import World, scaled, wait_for
from records import interaction

pytestmark = pytest.mark.timeout(240)

KILLS = 12


def test_kill_at_any_moment(world):
    """kill -9 while starting, while catching up, while live, in the middle of transactions."""
    prepared(world)
    rng = random.Random(20261122)
    runner = Runner(world, "one").start()
    traffic = Traffic(world, seed=1)
    for kill in range(KILLS):
        pause(rng.choice((0.2, 1.0, 2.5)) * rng.uniform(0.5, 1.5))
        runner.kill()
        runner.start(ready=False)
    traffic.stop()
    runner.ready()
    runner.wait_idle()
    assert expect_the_recount(world).duplicates
    runner.stop()


# ---- Redis ----

@pytest.fixture
def own_redis(tmp_path):
    if not OwnRedis.available():
        pytest.skip("redis-server is not installed")
    own = OwnRedis(tmp_path)
    own.start()
    yield own
    own.close()


def with_redis(world, own):
    """A live processor whose view is in a Redis of the test's own, and a client of it."""
    url = f"redis://127.0.0.1:{own.port}/0"
    prepared(world)
    return Runner(world, "one", redis=url).start(), redis_of(url)


def wait_for_breach(world, name):
    """The item alert about one caller who waits; seconds from its deadline to its record."""
    def told():
        return [a for a in world.alerts("ITEM_BREACH") if a["interaction_id"] == name]
    alert = wait_for(f"the breach of {name}", told, scaled(15))[0]
    return (alert["emitted_at"] - alert["deadline_at"]) / 1000


def one_who_waits(world, name):
    world.send(interaction("QUEUED", name, now_ms()))
    world.flush()


def wait_for_figures(redis):
    wait_for("a window", lambda: redis.hget("fw:{acme}:kpi:all:30m", "offered"), scaled(20))


def test_flushall_on_a_live_connection(world, own_redis):
    """The connection stays; all keys are gone. The whole view is back within 5 s."""
    runner, redis = with_redis(world, own_redis)
    traffic = Traffic(world, seed=2)
    wait_for_figures(redis)
    for _ in range(3):
        redis.flushall()
        pause(0.7)
    traffic.stop()
    redis.flushall()
    expect_the_view(world, redis, within_s=5)
    expect_the_recount(world, redis)
    runner.stop()


def test_what_stands_in_redis_is_not_written_again(world, own_redis):
    """Of a calm view an update writes meta alone; after another's meta it writes all."""
    runner, redis = with_redis(world, own_redis)
    traffic = Traffic(world, seed=5)
    wait_for_figures(redis)
    traffic.stop()
    runner.wait_idle()

    def least_commands():
        """The fewest of several updates in a row, none of them more than a second's."""
        counts = []
        for _ in range(5):
            updates, commands = (runner.metric(f"redis_{x}_total") for x in ("updates", "commands"))
            wait_for("an update", lambda: runner.metric("redis_updates_total") > updates, scaled(5))
            counts.append(runner.metric("redis_commands_total") - commands)
        return min(counts)

    keys = redis.dbsize()
    assert least_commands() < keys / 4
    before = runner.metric("redis_commands_total")
    redis.hset("fw:{acme}:meta", "_session", "of one who wrote after a wipe")
    wait_for("all of it", lambda: runner.metric("redis_commands_total") > before + keys, scaled(5))
    runner.stop()


def test_redis_hangs_and_is_killed(world, own_redis):
    """Alerts keep flowing and as fast without it; within 5 s of its return the view is right."""
    runner, redis = with_redis(world, own_redis)
    traffic = Traffic(world, seed=3)
    wait_for_figures(redis)
    with Held(own_redis.process.pid):
        one_who_waits(world, "hanging")
        assert wait_for_breach(world, "hanging") < scaled(1.5)
        pause(2)  # with the wait for the breach, beyond the time-out of an update
    wait_for("a fresh view", lambda: now_ms() - int(redis.hget("fw:{acme}:meta", "as_of")) < 3000,
             scaled(5))
    own_redis.process.kill()
    own_redis.process.wait(10)
    one_who_waits(world, "dead")
    assert wait_for_breach(world, "dead") < scaled(1.5)
    traffic.stop()
    own_redis.start()
    expect_the_view(world, redis, within_s=5)
    expect_the_recount(world, redis)
    runner.stop()


def test_redis_comes_back_with_what_it_had_long_ago(world, own_redis):
    """A snapshot from before: alerts that ended since are taken away, figures are of now."""
    runner, redis = with_redis(world, own_redis)
    traffic = Traffic(world, seed=4)
    wait_for("an alert", lambda: redis.hlen("fw:{acme}:alerts") > 3, scaled(20))
    redis.save()
    old = set(redis.hgetall("fw:{acme}:alerts")) - {"_guard"}
    wait_for_figures(redis)
    wait_for("the end of some", lambda: len(old - set(redis.hkeys("fw:{acme}:alerts"))) > 2,
             scaled(20))
    own_redis.process.kill()
    own_redis.process.wait(10)
    traffic.stop()
    own_redis.start()
    expect_the_view(world, redis, within_s=5)
    expect_the_recount(world, redis)
    runner.stop()


# ---- several processes ----

def test_the_newer_of_two_of_one_name_wins(world):
    """The older one is fenced, ends with status 1 and says why; nothing is lost or repeated."""
    prepared(world)
    older = Runner(world, "one").start()
    traffic = Traffic(world, seed=6)
    pause(2)
    newer = Runner(world, "again", instance=f"{world.group}-one").start(ready=False)
    assert "another process of the same instance name" in older.expect_refusal(20)
    newer.ready()
    pause(2)
    traffic.stop()
    newer.wait_idle()
    expect_the_recount(world)
    newer.stop()


def two_that_share(world):
    prepared(world)
    runners = [Runner(world, name).start() for name in ("one", "two")]

    def shared():
        one, two = (runner.live() for runner in runners)
        return one and two and not one & two and one | two == ALL_PARTITIONS
    wait_for("two who share the partitions", shared, scaled(40))
    return runners


def wait_for_all(runner, within_s):
    """How long it takes until one process has every partition."""
    begun = time.monotonic()
    wait_for("every partition", lambda: runner.live() == ALL_PARTITIONS, scaled(within_s))
    return time.monotonic() - begun


def test_two_that_share_are_idle_in_the_end(world):
    runners = two_that_share(world)
    traffic = Traffic(world, seed=10)
    pause(2)
    traffic.stop()
    for runner in runners:
        runner.wait_idle(5)


def test_a_process_hangs_and_comes_back(world):
    """Held beyond the session's time-out, it finds its place taken: refused, it goes."""
    zombie, other = two_that_share(world)
    traffic = Traffic(world, seed=7)
    pause(2)
    with Held(zombie.process.popen.pid):
        wait_for_all(other, 40)
        pause(2)
    assert zombie.expect_refusal()
    traffic.stop()
    expect_the_recount(world)
    other.stop()


def test_a_process_is_lost_for_good(world):
    """Its partitions live at the other one within 20 s."""
    lost, other = two_that_share(world)
    traffic = Traffic(world, seed=8)
    pause(2)
    lost.kill()
    wait_for_all(other, 20)
    traffic.stop()
    expect_the_recount(world)
    other.stop()


# ---- the broker ----

@pytest.fixture
def own_broker(tmp_path):
    broker = OwnBroker(tmp_path / "broker")
    yield broker
    broker.close()


def test_the_broker_is_killed(stack, own_broker, tmp_path):
    """kill -9 and a start from what it had on disk; a supervisor minds the processor."""
    mine = dataclasses.replace(stack, kafka=own_broker.start())
    world = World(mine, tmp_path, "broker", 9)
    prepared(world)
    runner = Runner(world, "one").start()
    with contextlib.closing(world), contextlib.closing(Supervisor(runner)):
        traffic = Traffic(world, seed=9)
        pause(3)
        own_broker.kill()
        pause(6)  # beyond the session's time-out, however fast it starts
        assert own_broker.start() == mine.kafka
        pause(1)
        traffic.stop()
        wait_for("readiness", lambda: world.http("/readyz", runner.port)[0] == 200, scaled(20))
        runner.wait_idle()
        expect_the_recount(world, held_back=True)
