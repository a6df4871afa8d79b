"""Faults under load, then the oracle: see chaos.sh, which prepares what this needs.

Three processes of one group read what simulated sites send. A supervisor starts each again whenever
it ends. Two threads break things after a plan from a seed: one kills processes, the other does all
the rest. In the end what came out is compared with a recount of the input topic.
"""

import argparse
import contextlib
import json
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))

import checks  # noqa: E402
import recount  # noqa: E402
from faults import OwnRedis  # noqa: E402
from faults_load import CONTRACT  # noqa: E402
from faults_plan import plan  # noqa: E402
from faults_run import Held, OwnBroker, Runner, Supervisor, redis_of  # noqa: E402
from harness import LIVE_TOPIC, Process, World, wait_for  # noqa: E402
from proxy import Proxy  # noqa: E402

FIRST_FAULT_S = 5
LAST_FAULT_S = 10  # before the end of the load
SESSION_S = 6
SETTLE_S = 120
# The first window that holds a run of so many minutes and what comes after it.
WINDOW_FOR_MINUTES = ((20, "30m"), (45, "1h"), (220, "4h"), (1400, "24h"))
# Callers on the phone, and one objective for all channels: its T is that of all figures.
OBJECTIVE = {**CONTRACT["objectives"][0], "when": {}}


@dataclass
class Stack:
    kafka: str
    registry: str
    redis: str
    floorwalker: str
    floorsim: str


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


class Site:
    """Everything that runs: broker, registry, Redis, proxies, processes under a supervisor."""

    def __init__(self, options):
        self.options = options
        self.folder = Path(options.dir)
        self.tenants = [f"acme-{i + 1}" for i in range(options.tenants)]
        self.cleanup = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self._start(stack)
            self.cleanup = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.cleanup.close()

    def _start(self, stack):
        o = self.options
        reserved = Proxy("127.0.0.1:1", o.proxy_port)  # the port is taken before it is told
        self.broker = OwnBroker(self.folder / "broker", proxy_port=reserved.port)
        stack.callback(self.broker.close)
        kafka = self.broker.start()
        host, port = self.broker.addresses["PROXIED"].split(":")
        reserved.target = host, int(port)
        self.kafka_proxy = reserved.start()
        stack.callback(self.kafka_proxy.close)
        self.redis = OwnRedis(self.folder)
        self.redis.start()
        stack.callback(self.redis.close)
        self.redis_proxy = Proxy(f"127.0.0.1:{self.redis.port}").start()
        stack.callback(self.redis_proxy.close)
        self.world = World(Stack(kafka, o.registry, f"redis://127.0.0.1:{self.redis.port}/0",
                                 o.floorwalker, o.floorsim), self.folder, "chaos", 0)
        stack.callback(self.world.close)
        self.view = redis_of(self.world.redis_url)
        self._prepare()
        self.runners = [self._runner(f"p{i + 1}").start(ready=False) for i in range(o.processes)]
        self.supervisors = [stack.enter_context(contextlib.closing(Supervisor(r)))
                            for r in self.runners]
        for runner in self.runners:
            runner.ready(60)

    def _prepare(self):
        self.world.create(partitions=self.options.partitions, settings=LIVE_TOPIC)
        for tenant in self.tenants:
            self.world.contract({**CONTRACT, "contract": f"{tenant}-chaos", "tenant": tenant,
                                 "objectives": [OBJECTIVE]},
                                f"{tenant}.yaml")

    def _runner(self, name):
        return Runner(self.world, name,
                      kafka={"brokers": self.kafka_proxy.address,
                             "topics": {"partitions": self.options.partitions, "replication": 1}},
                      redis=f"redis://127.0.0.1:{self.redis_proxy.port}/0")

    def load(self):
        o = self.options
        return Process([o.floorsim, "--live", "--brokers", self.world.stack.kafka, "--registry",
                        o.registry, "--topic-prefix", self.world.prefix, "--tenant", "acme",
                        "--tenants", str(o.tenants), "--sites", "2", "--queues", "2", "--channels",
                        "voice,chat,messaging,email", "--profile", "flat", "--rate", str(o.rate),
                        "--duration", f"{o.minutes * 60:.0f}s", "--seed", str(o.seed), "--aht", "6",
                        "--patience", "10", "--load", "1.02", "--reply", "20", "--resolve", "20",
                        "--duplicates", "0.02", "--late", "0.02:20s", "--bad", "0.0005",
                        "--partitions", str(o.partitions)], self.folder / "floorsim.log")


class Faults:
    """What can be broken. Each fault is named fault_KIND and draws from its own seed."""

    def __init__(self, site):
        self.site = site
        self.done = Counter()
        self.taken = {runner.name: threading.Lock() for runner in site.runners}

    def count(self, kind):
        self.done[kind] += 1

    @contextlib.contextmanager
    def one(self, rng):
        """A runner that no other fault is about."""
        order = rng.sample(self.site.runners, len(self.site.runners))
        while True:
            for runner in order:
                if self.taken[runner.name].acquire(blocking=False):
                    try:
                        yield runner
                    finally:
                        self.taken[runner.name].release()
                    return
            time.sleep(0.05)

    def fault_kill(self, rng):
        """kill -9 of whatever it is doing; counted when it lived."""
        with self.one(rng) as runner:
            process = runner.process
            if process.status is not None:
                wait_for("a start", lambda: runner.process is not process, 20)
                process = runner.process
            process.popen.kill()
            if process.popen.wait(10) == -signal.SIGKILL:
                self.count("kill")

    @contextlib.contextmanager
    def _held(self, runner):
        """Its process hangs; of one that ended by itself a moment before, the next."""
        while True:
            with contextlib.suppress(AssertionError):
                runner.ready(20)
            process = runner.process
            with contextlib.suppress(ProcessLookupError), contextlib.ExitStack() as stack:
                stack.enter_context(Held(process.popen.pid))
                yield process
                return

    def fault_zombie(self, rng):
        """Held beyond the session's time-out, then let go on: it must end by itself."""
        with self.one(rng) as runner:
            with self._held(runner) as process:
                time.sleep(SESSION_S + rng.uniform(2, 5))
            with contextlib.suppress(AssertionError):
                wait_for("its end", lambda: process.status is not None, 30)
            if process.status == 1:
                self.count("zombie")
            else:
                say(f"{runner.name} was held, and lives: status {process.status}")

    def fault_redis_kill(self, rng):
        self.site.redis.process.kill()
        self.site.redis.process.wait(10)
        time.sleep(rng.uniform(0, 5))
        self.site.redis.start()
        self.count("redis")

    def fault_redis_flush(self, rng):
        for _ in range(rng.choice((1, 1, 3))):
            self.site.view.flushall()
            time.sleep(rng.uniform(0, 1))
        self.count("redis")

    def fault_redis_hang(self, rng):
        with Held(self.site.redis.process.pid):
            time.sleep(rng.uniform(1, 8))
        self.count("redis")

    def fault_broker_kill(self, rng):
        self.site.broker.kill()
        time.sleep(rng.choice((0, 0, 3, 8)) * rng.random())
        self.site.broker.start()
        self.count("broker")

    def fault_broker_hang(self, rng):
        with Held(self.site.broker.pid):
            time.sleep(rng.uniform(1, 8))
        self.count("broker_hang")

    def _proxy(self, rng):
        return rng.choice((self.site.kafka_proxy,) * 3 + (self.site.redis_proxy,))

    def fault_cut(self, rng):
        for _ in range(rng.choice((1, 1, 5))):
            self._proxy(rng).cut(rng, rng.choice((0.3, 1)))
            time.sleep(rng.uniform(0, 1))
        self.count("proxy")

    def fault_half_close(self, rng):
        self._proxy(rng).half_close(rng, rng.choice((0.3, 0.6, 1)))
        self.count("proxy")

    def fault_delay(self, rng):
        with self._proxy(rng).delayed(rng.uniform(0.02, 0.4), rng, rng.choice((0.3, 1))):
            time.sleep(rng.uniform(1, 6))
        self.count("proxy")

    def fault_stall(self, rng):
        ways = rng.choice((("up",), ("down",), ("up", "down")))
        with self._proxy(rng).stalled(rng, rng.choice((0.3, 0.6, 1)), ways):
            time.sleep(rng.uniform(1, 9))
        self.count("proxy")

    def fault_refuse(self, rng):
        proxy = self._proxy(rng)
        proxy.refuse()
        proxy.cut()
        time.sleep(rng.uniform(0.5, 4))
        proxy.refuse(False)
        self.count("proxy")

    def fault_rolling(self, rng):
        """SIGTERM to one after the other, the next when all of the last one's tasks live."""
        for runner in self.site.runners:
            with self.taken[runner.name]:
                process = runner.process
                if process.status is None:
                    process.popen.send_signal(signal.SIGTERM)
                    wait_for("its end", lambda: process.status is not None, 40)
                wait_for("a start", lambda: runner.process is not process, 10)
                with contextlib.suppress(AssertionError):
                    runner.ready(20)
        self.count("rolling")


class Track(threading.Thread):
    """Does its steps, each at its time or as soon as the last one is over."""

    def __init__(self, faults, steps, began):
        super().__init__(daemon=True)
        self.faults, self.steps, self.began = faults, steps, began
        self.failure = None
        self.ended = threading.Event()

    def run(self):
        try:
            for step in self.steps:
                if self.ended.wait(max(0, self.began + step.at_s - time.monotonic())):
                    return
                if step.kind != "kill":
                    say(f"{time.monotonic() - self.began:.0f} s: {step.kind}")
                getattr(self.faults, f"fault_{step.kind}")(random.Random(step.seed))
        except BaseException as failure:  # told by the thread that waits
            self.failure = failure


def fault_counts(o):
    third = o.redis_faults // 3
    proxy = ("cut", "half_close", "delay", "stall", "refuse")
    return {"redis_kill": o.redis_faults - 2 * third, "redis_flush": third, "redis_hang": third,
            "broker_kill": o.broker_kills, "broker_hang": o.broker_kills // 3,
            "zombie": o.zombies, "rolling": o.rolling,
            **{kind: o.proxy_faults // len(proxy) + (i < o.proxy_faults % len(proxy))
               for i, kind in enumerate(proxy)}}


def run_faults(site, load):
    """Until the load has ended and every planned fault has happened; returns what was done."""
    o, faults = site.options, Faults(site)
    kills, others = plan(o.seed, fault_counts(o), o.kills, FIRST_FAULT_S,
                         max(FIRST_FAULT_S + 1, o.minutes * 60 - LAST_FAULT_S))
    began = time.monotonic()
    tracks = [Track(faults, kills, began), Track(faults, others, began)]
    for track in tracks:
        track.start()
    while load.status is None or any(t.is_alive() for t in tracks):
        for track in tracks:
            if track.failure is not None:
                raise track.failure
        time.sleep(0.5)
        if load.status is not None and time.monotonic() > began + o.minutes * 60 + 300:
            raise AssertionError("the faults do not come to an end")
    assert load.status == 0, load.output[-2000:]
    return faults.done


def ends_of(site):
    """How the processes ended: by signal or with which reason; crashes are flaws."""
    ends, crashes = Counter(), []
    for runner, supervisor in zip(site.runners, site.supervisors):
        for status, reason in supervisor.reasons:
            ends[f"status {status}: {reason[:110]}" if status > 0 else f"status {status}"] += 1
            if status not in (0, 1, -signal.SIGKILL):
                crashes.append(f"{runner.name} crashed, status {status}: {reason}")
    return ends, crashes


def diagnose(site):
    """What the group and the processes are at, for whoever looks for the reason."""
    world = site.world
    group = world.admin.describe_consumer_groups([world.group])[world.group].result(20)
    say(f"group {group.state}: " + ", ".join(
        f"{m.group_instance_id} has {len(m.assignment.topic_partitions)}" for m in group.members))
    for runner in site.runners:
        _, text = world.http("/progress", runner.port)
        say(f"{runner.name}, pid {runner.process.popen.pid}: {text[:3000]}")
        if shutil.which("gdb"):
            say(subprocess.run(["gdb", "-batch", "-p", str(runner.process.popen.pid), "-ex",
                                "thread apply all bt 12"], capture_output=True, text=True,
                               check=False).stdout)
    shutil.copy(site.folder / "broker" / "kafka" / "log", site.folder / "broker.log")
    for partition in (site.folder / "broker" / "kafka").glob("data/__*"):
        shutil.copytree(partition, site.folder / "broker-internals" / partition.name)


def settle(site):
    """All live, all read."""
    try:
        wait_until_settled(site)
    except AssertionError:
        diagnose(site)
        raise


def wait_until_settled(site):
    for runner in site.runners:
        wait_for(f"{runner.name} live",
                 lambda r=runner: site.world.http("/readyz", r.port)[0] == 200, 90)
    # Ticks go on: each one is idle now and then, and seldom all at one instant. What one said last
    # is read by others, so each is asked twice.
    for runner in site.runners * 2:
        wait_for(f"{runner.name} idle", lambda r=runner: r.progress()["idle"], SETTLE_S,
                 every_s=0.05)


def keep(site):
    """For whoever looks for the reason: what was told, and every event of the input."""
    world = site.world
    with open(site.folder / "alerts.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(a) + "\n" for a in checks.alerts_of(world))
    with open(site.folder / "events.jsonl", "w", encoding="utf-8") as file:
        for p in world.partitions(world.topic()):
            for message in recount.partition_records(world.stack.kafka, world.topic(), p):
                event = recount.event_of(world.registry, message) or {"bad": True}
                file.write(json.dumps([p, message.offset(), message.timestamp()[1], event]) + "\n")
    say(f"kept in {site.folder}: alerts.jsonl, events.jsonl")


def verdict_of(site):
    o, world = site.options, site.world
    say("recounting the input")
    sums = recount.recount(world.stack.kafka, o.registry, world.topic(),
                           world.partitions(world.topic()))
    say(f"{sums.records} records: {sums.events} events, {sums.repeats} of them repeats, "
        f"{sums.ticks} ticks, {len(sums.bad)} bad; {len(sums.items)} waited too long")
    window = next((w for n, w in WINDOW_FOR_MINUTES if o.minutes <= n), "24h")
    verdict, seen = checks.judge_in_time(world, site.view, sums, recount.Views(sums), window,
                                         SETTLE_S)
    say(f"compared: {seen}")
    if verdict.flaws:
        keep(site)
    return sums, verdict


def run(options):
    with Site(options) as site:
        say(f"seed {options.seed}: {options.minutes} minutes, {options.rate} events/s, "
            f"{options.processes} processes; logs in {site.folder}")
        load = site.load()
        site.cleanup.callback(load.popen.kill)
        done = run_faults(site, load)
        say(load.output.strip().splitlines()[-1])
        settle(site)
        sums, verdict = verdict_of(site)
        ends, crashes = ends_of(site)
    for end, n in ends.most_common():
        say(f"{n} x {end}")
    say(", ".join(f"{kind} {n}" for kind, n in sorted(done.items())))
    return sums, verdict, done, verdict.flaws + crashes


def options_of(arguments):
    parser = argparse.ArgumentParser(prog="chaos.sh", description="Faults under load against an "
                                     "oracle. What is not given follows from the minutes.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--events", type=int, help="about so many in all")
    parser.add_argument("--kills", type=int, help="kill -9 of a processor: 5 a minute")
    parser.add_argument("--redis-faults", type=int, help="kill, FLUSHALL, hang: 1 in 2 minutes")
    parser.add_argument("--broker-kills", type=int, help="1 in 4 minutes")
    parser.add_argument("--zombies", type=int, help="held beyond the time-out: 1 in 4 minutes")
    parser.add_argument("--proxy-faults", type=int, help="cut, delayed, half-closed: 1 a minute")
    parser.add_argument("--rolling", type=int, help="rolling restarts: 1 in 10 minutes")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--tenants", type=int, default=3)
    parser.add_argument("--dir", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--registry", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--floorwalker", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--floorsim", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--proxy-port", type=int, default=0, help=argparse.SUPPRESS)
    o = parser.parse_args(arguments)
    for name, per_minute in (("kills", 5), ("redis_faults", 0.5), ("broker_kills", 0.25),
                             ("zombies", 0.25), ("proxy_faults", 1), ("rolling", 0.1)):
        if getattr(o, name) is None:
            setattr(o, name, max(1, round(o.minutes * per_minute)))
    o.rate = round((o.events or o.minutes * 60 * 4300) / (o.minutes * 60))
    return o


def main(arguments):
    sums, verdict, done, flaws = run(options_of(arguments))
    for flaw in flaws[:40]:
        print(f"flaw: {flaw}")
    if len(flaws) > 40:
        print(f"and {len(flaws) - 40} more flaws")
    print(f"events={sums.events} kills={done['kill']} redis_faults={done['redis']} "
          f"broker_kills={done['broker']} zombies={done['zombie']} lost={verdict.lost} "
          f"double={verdict.double} repeated={verdict.repeated}")
    return 1 if flaws else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
