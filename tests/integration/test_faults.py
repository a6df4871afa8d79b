"""The promise under faults: what came out is a recount of what the input topic holds.

Callers come at a steady rate while processors, Redis or the broker are killed or held. Nothing here
trusts what the sender meant to send.
"""

import random

import pytest

from faults_load import Traffic, now_ms
from faults_run import Runner, expect_the_recount, prepared
from harness import scaled, wait_for

pytestmark = pytest.mark.timeout(240)

KILLS = 12


def test_kill_at_any_moment(world):
    """kill -9 while starting, while catching up, while live, in the middle of transactions."""
    prepared(world)
    rng = random.Random(20261122)
    runner = Runner(world, "one").start()
    traffic = Traffic(world, seed=1)
    for kill in range(KILLS):
        life_s = rng.choice((0.2, 1.0, 2.5)) * rng.uniform(0.5, 1.5)
        until = now_ms() + 1000 * life_s
        wait_for("the moment", lambda: now_ms() >= until, scaled(10), every_s=0.005)
        runner.kill()
        runner.start(ready=False)
    traffic.stop()
    runner.ready()
    runner.wait_idle()
    expect_the_recount(world)
    runner.stop()
