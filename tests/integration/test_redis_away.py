"""Redis stopped for long, under load: what its absence costs, measured within one run.

REDIS_AWAY_SECONDS=60 makes the long run of it; every test run has a short one.
"""

import os
import time

from faults_load import Traffic, now_ms
from faults_run import expect_the_recount, redis_of
from harness import scaled, wait_for
from test_faults import own_redis, with_redis  # noqa: F401  own_redis is a fixture

AWAY_S = int(os.environ.get("REDIS_AWAY_SECONDS", "6"))
GRACE_MS = 500


def latencies(world, from_at, until_at):
    """Milliseconds from a deadline plus `grace` until its alert is in the log, sorted."""
    out = []
    for _, value, _, logged_at in world.raw(world.topic("alerts.sla")):
        alert = world.registry.decode(value)
        if (alert["kind"], alert["transition"]) == ("ITEM_BREACH", "FIRING") and \
                from_at <= alert["deadline_at"] < until_at:
            out.append(logged_at - alert["deadline_at"] - GRACE_MS)
    return sorted(out)


def quantile(values, q):
    return values[min(len(values) - 1, int(q * len(values)))]


def is_fresh(redis):
    return now_ms() - int(redis.hget("fw:{acme}:meta", "as_of") or 0) < scaled(2) * 1000


def seconds_until(what, condition):
    began = time.monotonic()
    wait_for(what, condition, scaled(20), every_s=0.02)
    return time.monotonic() - began


def keys_of(redis):
    return set(redis.scan_iter("fw:{acme}:*", count=1000))


def test_alerts_are_as_fast_while_redis_is_away(world, own_redis):  # noqa: F811
    runner, redis = with_redis(world, own_redis)
    traffic = Traffic(world, seed=11, calls_per_s=60)
    wait_for("figures", lambda: redis.hget("fw:{acme}:kpi:all:30m", "offered"), scaled(20))
    up_at = now_ms()
    time.sleep(AWAY_S)
    keys = keys_of(redis)
    down_at = now_ms()
    own_redis.process.kill()
    own_redis.process.wait(10)
    time.sleep(AWAY_S)
    back_at = now_ms()
    own_redis.start()
    redis = redis_of(f"redis://127.0.0.1:{own_redis.port}/0")
    back_s = seconds_until("the view", lambda: keys <= keys_of(redis) and is_fresh(redis))
    time.sleep(1)
    keys = keys_of(redis)
    redis.flushall()
    wiped_s = seconds_until("the view", lambda: keys <= keys_of(redis) and is_fresh(redis))
    traffic.stop()
    runner.wait_idle()
    up, down = latencies(world, up_at, down_at), latencies(world, down_at, back_at - GRACE_MS)
    print(f"alert latency, ms: p50 {quantile(up, .5)} p99 {quantile(up, .99)} of {len(up)} with "
          f"Redis, p50 {quantile(down, .5)} p99 {quantile(down, .99)} of {len(down)} without; the "
          f"view was back {back_s:.2f} s after its start, {wiped_s:.2f} s after FLUSHALL")
    assert len(up) > 20 and len(down) > 20
    assert quantile(down, .5) <= 1.5 * quantile(up, .5) + scaled(0.1) * 1000
    assert back_s < scaled(5) and wiped_s < scaled(5)
    expect_the_recount(world, redis)
    runner.stop()
