"""Processors to be killed, held and started again, and what is asked of the world afterwards."""

import contextlib
import json
import os
import signal
import time

import redis as redis_client

from faults_load import CONTRACT, TARGET_MS
from faults_recount import (alerts_of, board_differs, episodes_differ, figures_differ, history_of,
                            items_differ)
from harness import LIVE_TOPIC, free_port, scaled, wait_for

PARTITIONS = 4


class Runner:
    """One named processor of a group: the place of a supervisor's unit."""

    def __init__(self, world, name, **settings):
        self.world, self.name, self.port = world, name, free_port()
        self.config = world.config(f"{name}.yaml", **{
            "clock": "live", "instance": f"{world.group}-{name}",
            "listen": f"127.0.0.1:{self.port}",
            "kafka": {"topics": {"partitions": PARTITIONS, "replication": 1}}, **settings})
        self.process = None
        self.starts = 0

    def start(self, ready=True, timeout_s=30):
        self.starts += 1
        self.process = self.world.start(self.config, name=f"{self.name}-{self.starts}",
                                        ready=ready, timeout_s=scaled(timeout_s), port=self.port)
        return self

    def ready(self, timeout_s=30):
        self.world.wait_ready(self.process, scaled(timeout_s), self.port)

    def signal(self, number):
        self.process.popen.send_signal(number)

    def kill(self):
        self.process.popen.kill()
        self.process.close()

    def stop(self):
        assert self.process.terminate() == 0, self.process.output[-3000:]

    def progress(self):
        """The answer of /progress, or nothing at all while there is none."""
        status, text = self.world.http("/progress", self.port)
        return json.loads(text) if status == 200 else {"idle": False, "partitions": []}

    def live(self):
        """{(input, partition)} that this process reads."""
        return {(p["input"], p["partition"]) for p in self.progress()["partitions"]
                if p["state"] == "live"}

    def wait_idle(self, timeout_s=30):
        wait_for("idle", lambda: self.progress()["idle"], scaled(timeout_s))


ALL_PARTITIONS = {(i, p) for i in ("interactions", "tenant-log") for p in range(PARTITIONS)}


def prepared(world):
    world.create(partitions=PARTITIONS, settings=LIVE_TOPIC)
    world.contract(CONTRACT)


class Held:
    """A process that hangs: it neither ends nor answers. It goes on when the block is left."""

    def __init__(self, runner):
        self.pid = runner.process.popen.pid

    def __enter__(self):
        os.kill(self.pid, signal.SIGSTOP)

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGCONT)


def redis_of(url):
    return redis_client.Redis.from_url(url, decode_responses=True, socket_timeout=5)


def flaws(world, redis, history, settled_at):
    """Sentences about whatever differs from the recount."""
    alerts = alerts_of(world)
    return (episodes_differ(alerts) + items_differ(alerts, history)
            + board_differs(redis, alerts) + figures_differ(redis, history, settled_at))


def expect_the_recount(world, redis=None, timeout_s=40):
    """All that came out is what the input topic says, once its windows have reached its end.

    What is counted or told twice never heals, so asking again hides nothing.
    """
    redis = redis or world.redis
    history = history_of(world)
    assert history.visits and history.duplicates
    settled_at = max(max(v.queued_at, v.ended_at or 0) for v in history.visits) + TARGET_MS + 1
    settled_at = max([settled_at] + [leg.ended_at + 1 for leg in history.legs if leg.ended_at])
    until = time.monotonic() + scaled(timeout_s)
    while found := flaws(world, redis, history, settled_at):
        assert time.monotonic() < until, f"{len(found)} flaws:\n" + "\n".join(found[:25])
        time.sleep(0.5)
    return history
