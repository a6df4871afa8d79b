"""Processors to be killed, held and started again, and what is asked of the world afterwards."""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import redis as redis_client

from faults_load import CONTRACT, now_ms
from faults_recount import (alerts_of, board_differs, board_shown, episodes_differ,
                            figures_differ, history_of, items_differ)
from harness import LIVE_TOPIC, free_port, scaled, wait_for

PARTITIONS = 4


class Runner:
    """One named processor of a group: the place of a supervisor's unit."""

    def __init__(self, world, name, **settings):
        self.world, self.name, self.port = world, name, free_port()
        self.config = world.config(f"{name}.yaml", **{
            "clock": "live", "snapshot_interval": "2s", "instance": f"{world.group}-{name}",
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

    def expect_refusal(self, within_s=30):
        """It ends with status 1 in time; returns what it said."""
        try:
            assert self.process.wait(scaled(within_s)) == 1, self.process.output[-3000:]
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it still runs:\n{self.process.output[-3000:]}") from None
        return failure_of(self.process)

    def stop(self):
        assert self.process.terminate() == 0, self.process.output[-3000:]

    def progress(self):
        """The answer of /progress, or nothing at all while there is none."""
        status, text = self.world.http("/progress", self.port)
        return json.loads(text) if status == 200 else {"idle": False, "partitions": []}

    def metric(self, name):
        """A number of /metrics that has no labels."""
        _, text = self.world.http("/metrics", self.port)
        return float(re.search(rf"^floorwalker_{name} (\S+)$", text, re.MULTILINE)[1])

    def live(self):
        """{(input, partition)} that this process reads."""
        return {(p["input"], p["partition"]) for p in self.progress()["partitions"]
                if p["state"] == "live"}

    def wait_idle(self, timeout_s=30):
        wait_for("idle", lambda: self.progress()["idle"], scaled(timeout_s))


ALL_PARTITIONS = {(i, p) for i in ("interactions", "tenants", "tenant-log")
                  for p in range(PARTITIONS)}


def prepared(world):
    """Topics and the contract for callers who come now."""
    world.create(partitions=PARTITIONS, settings=LIVE_TOPIC)
    world.contract(CONTRACT)


class Held:
    """A process that hangs: it neither ends nor answers. It goes on when the block is left."""

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        os.kill(self.pid, signal.SIGSTOP)

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGCONT)


def redis_of(url):
    return redis_client.Redis.from_url(url, decode_responses=True, socket_timeout=5)


def pause(seconds):
    """Lets the fault last, or the traffic run: nothing is expected of this moment."""
    time.sleep(seconds)


def flaws(world, redis, history, settled_at, held_back):
    """Sentences about whatever differs from the recount."""
    alerts = alerts_of(world)
    return (episodes_differ(alerts) + items_differ(alerts, history, held_back)
            + board_differs(redis, alerts) + figures_differ(redis, history, settled_at))


def summary_of(found):
    """The first few of each kind of flaw."""
    kinds = {}
    for flaw in found:
        kinds.setdefault(flaw.split(":")[0].split(",")[-1].strip(), []).append(flaw)
    lines = [x for those in list(kinds.values())[:12] for x in those[:4]]
    return f"{len(found)} flaws:\n" + "\n".join(lines)


def expect_the_view(world, redis, within_s):
    """At most so long until a view that stands at this moment or later is the recount there."""
    since = now_ms()
    history = history_of(world)
    begun = time.monotonic()
    until = begun + scaled(within_s)
    while True:
        found = view_flaws(world, redis, history, since)
        if not found:
            return time.monotonic() - begun
        assert time.monotonic() < until, summary_of(found)
        time.sleep(0.2)


def view_flaws(world, redis, history, since):
    try:
        as_of = int(redis.hget("fw:{acme}:meta", "as_of") or 0)
        if as_of < since:
            return [f"the view is of {as_of}: {since - as_of} ms too old"]
        before = board_shown(redis), as_of
        return (board_differs(redis, alerts_of(world), before)
                + figures_differ(redis, history, 1))
    except redis_client.ConnectionError as fault:
        return [str(fault)]


def expect_the_recount(world, redis=None, timeout_s=40, held_back=False):
    """All that came out is what the input topic says, once its windows have reached its end.

    What is counted or told twice never heals, so asking again hides nothing.
    """
    redis = redis or world.redis
    history = history_of(world)
    assert history.visits
    settled_at = 1 + max([v.ended_at or v.queued_at for v in history.visits]
                         + [leg.ended_at or 0 for leg in history.legs])
    until = time.monotonic() + scaled(timeout_s)
    while found := flaws(world, redis, history, settled_at, held_back):
        assert time.monotonic() < until, summary_of(found)
        time.sleep(0.5)
    return history


class OwnBroker:
    """A Kafka of one test's own, in a folder that survives kill -9."""

    SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "local" / "stack.sh"

    def __init__(self, folder, login=None, proxy_port=None):
        """`login` is USER:PASSWORD of a second listener, which asks for it; a proxy at
        `proxy_port` forwards to the address PROXIED."""
        self.folder = folder
        self.options = (("--kafka-login", login) if login else ()) + (
            ("--proxy-port", str(proxy_port)) if proxy_port else ())
        self.addresses = {}

    @property
    def pid(self):
        return int((self.folder / "kafka" / "pid").read_text().split()[0])

    def _stack(self, command, *arguments):
        return subprocess.run([self.SCRIPT, command, "--only", "kafka", "--dir", self.folder,
                               *arguments], check=True, timeout=120, capture_output=True,
                              text=True).stdout

    def start(self):
        """Its address; the same one after kill()."""
        told = self._stack("up", *self.options)
        self.addresses = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
        return self.addresses["KAFKA"]

    def kill(self):
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        wait_for("its end", lambda: not Path(f"/proc/{pid}").exists(), 10)

    def close(self):
        self._stack("down", "--purge")


class Supervisor:
    """Starts a processor again whenever it ends, as a service manager does."""

    def __init__(self, runner):
        self.runner = runner
        self.ended = threading.Event()
        self.reasons = []
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self):
        while not self.ended.wait(0.1):
            process = self.runner.process
            if process.status is not None:
                self.reasons.append((process.status, failure_of(process)))
                process.close()
                self.runner.start(ready=False)

    def close(self):
        self.ended.set()
        self.thread.join(30)


def failure_of(process):
    """What a process said when it ended: the text of its last error."""
    lines = [_parsed(x) for x in process.output.splitlines() if x.startswith("{")]
    return next((x.get("text", "") for x in reversed(lines) if x.get("event") == "failed"), "")


def _parsed(line):
    """A line of the log; nothing when a kill cut it."""
    try:
        return json.loads(line)
    except ValueError:
        return {}
