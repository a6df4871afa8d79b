"""Measures the points of cost curves; see curves.sh. Prints a JSON line for each run of a point."""

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import redis as redis_client
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

STEP_MS = 300_000  # of the day's window
EVENTS_OF_AN_INTERACTION = 4  # of the three channels' mean, rather less
EVENTS_OF_A_SCOPE = 3000  # at least: or what is shown once, at the end, weighs in
CONTRACT = Path(__file__).with_name("contract.yaml")
COMPARED = {"offered": "offered", "answered": "answered", "abandoned": "abandoned",
            "asa_ms.n": "wait_ms"}


@dataclass(frozen=True)
class Point:
    """What the sites send, and what is asked of it."""
    x: int
    events: int
    rate: int = 2000  # events per simulated second
    aht_s: int = 180
    sites: int = 3
    queues: int = 3
    tenants: int = 1
    partitions: int = 8
    rules: int = 2
    ids: str = ""  # before each interaction's id
    processes: int = 0  # of a group that shares the topic live; 0: one, to the end of its input


def open_points(events):
    """So long do interactions last that about x of them are open at a time."""
    for x in (10_000, 100_000, 1_000_000):
        lasts_s = x * EVENTS_OF_AN_INTERACTION // Point.rate
        yield Point(x, max(events, 2 * EVENTS_OF_AN_INTERACTION * x), aht_s=lasts_s)


def scope_points(events):
    for sites, queues in ((1, 1), (3, 3), (10, 10), (40, 25)):
        x = sites * queues
        yield Point(x, max(events, EVENTS_OF_A_SCOPE * x), sites=sites, queues=queues)


def tenant_points(events):
    for x in (1, 10, 100, 1000):
        yield Point(x, max(events, EVENTS_OF_A_SCOPE * x), tenants=x, sites=1, queues=1)


AXES = {
    "open": ("open interactions", open_points),
    "scopes": ("sites times queues", scope_points),
    "partitions": ("partitions", lambda n: (Point(x, n, partitions=x) for x in (1, 8, 64, 256))),
    "tenants": ("tenants", tenant_points),
    "rules": ("objectives", lambda n: (Point(x, n, rules=x) for x in (1, 10, 100, 1000))),
    "size": ("bytes added to the id", lambda n: (Point(x, n, ids="x" * x) for x in (1, 20, 60))),
    "processes": ("processes", lambda n: (Point(x, n, processes=x) for x in (1, 2, 4))),
}


def settings(stack, prefix, group, point, port, instance="1"):
    return f"""kafka:
  brokers: {stack.brokers}
  group: {group}
  topics: {{partitions: {point.partitions}, replication: 1}}
topic_prefix: {prefix}
schema_registry: {stack.registry}
redis: {stack.redis}
instance: curves-{instance}
clock: log
start: earliest
contracts: {stack.dir}/{prefix}contracts
listen: 127.0.0.1:{port}
log: {{level: warning, format: json}}
limits: {{memory: 12GiB, scopes: 200000, open_interactions: 20000000}}
"""


# ---- what is made before a curve is measured ----

# At most 6 service-level thresholds are kept of a visit, so that many rules differ in other things.
VARIED = (("within", "20s 25s 30s 35s 40s"), ("window", "30m 15m 1h 4h 24h 5m"),
          ("variant", "answered_of_offered abandon_ignored removed_within answered_only"))
PER = ("[site, queue]", "[queue]", "[site]", "[vendor]", "[vendor, queue]")


def contract_of(tenant, rules):
    """The benchmark's contract with so many objectives: its own pair, varied."""
    head, *blocks = re.split(r"(?m)^objectives:\n|(?=^  - name: [a-z-]*80-20$)",
                             CONTRACT.read_text())
    blocks = [b for b in blocks if b]
    head = re.sub(r"(?m)^tenant: .*$", f"tenant: {tenant}", head)
    return head + "objectives:\n" + "".join(
        varied(blocks[i % 2], i // 2).replace("80-20\n", f"80-20-{i // 2}\n", 1)
        for i in range(rules))


def varied(block, number):
    for name, choices in VARIED:
        choices = choices.split()
        block = re.sub(rf"(?m)^    {name}: .*\n", "", block)
        block += f"    {name}: {choices[number % len(choices)]}\n"
        number //= len(choices)
    return block.replace("per: [site, queue]", f"per: {PER[number]}")


def prepare(stack, prefix, point):
    """Contracts and the topic; what happened, as the sites know it."""
    folder = stack.dir / f"{prefix}contracts"
    folder.mkdir()
    names = [f"acme-{i + 1}" for i in range(point.tenants)] if point.tenants > 1 else ["acme"]
    for name in names:
        (folder / f"{name}.yaml").write_text(contract_of(name, point.rules))
    truth = stack.dir / f"{prefix}truth.json"
    subprocess.run([
        stack.bin / "floorsim", "--brokers", stack.brokers, "--registry", stack.registry,
        "--topic-prefix", prefix, "--partitions", str(point.partitions),
        "--events", str(point.events), "--rate", str(point.rate), "--sites", str(point.sites),
        "--queues", str(point.queues), "--tenants", str(point.tenants), "--ids", point.ids,
        "--aht", str(point.aht_s), "--patience", str(point.aht_s), "--profile", "flat",
        "--channels", "voice,chat,messaging", "--truth", str(truth), "--totals"],
        check=True, stdout=sys.stderr)
    return json.loads(truth.read_text())


def forget(stack):
    """Nothing is on the broker but inputs, and nothing in Redis."""
    admin = AdminClient({"bootstrap.servers": stack.brokers})
    gone = [t for t in admin.list_topics(timeout=60).topics
            if not t.startswith("__") and not t.endswith("interactions")]
    for done in (admin.delete_topics(gone, request_timeout=60) if gone else {}).values():
        done.result()
    stack.view.flushall()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# ---- one run ----

class Processor:
    def __init__(self, stack, prefix, group, point, instance="1", *words):
        self.port = free_port()
        config = stack.dir / f"floorwalker-{instance}.yaml"
        config.write_text(settings(stack, prefix, group, point, self.port, instance))
        self.log = open(stack.dir / f"floorwalker-{instance}.log", "wb")
        self.process = subprocess.Popen([stack.bin / "floorwalker", "run", "--config", config,
                                         *words], stderr=self.log, stdout=self.log)
        self.most_open = 0

    def look(self):
        """How many interactions are open; what cannot be asked now is asked again soon."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=2) as page:
                found = re.search(r"(?m)^floorwalker_open_interactions (\S+)",
                                  page.read().decode())
        except OSError:
            return
        if found:
            self.most_open = max(self.most_open, int(float(found[1])))

    def wait(self):
        """Of the process that ended: CPU seconds, peak of memory in MB."""
        while True:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                break
            self.look()
            time.sleep(0.2)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        if self.process.returncode:
            sys.exit(f"floorwalker ended with {self.process.returncode}; see {self.log.name}")
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024

    def cost_now(self):
        """Of one that runs: CPU seconds, peak of memory in MB."""
        proc = Path("/proc") / str(self.process.pid)
        ticks = (proc / "stat").read_text().rpartition(")")[2].split()
        peak = re.search(r"VmHWM:\s+(\d+)", (proc / "status").read_text())
        return ((int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK"),
                int(peak[1]) / 1024)


def shown(view, metric):
    return sum(int(view.hget(key, metric) or 0) for key in view.scan_iter("fw:{*}:kpi:all:24h"))


def run_to_the_end(stack, prefix, group, point, truth):
    final = (truth["last_at"] // STEP_MS + 2) * STEP_MS
    begun = time.monotonic()
    processor = Processor(stack, prefix, group, point, "1", "--until-end", "--final-clock",
                          str(final))
    cpu, rss = processor.wait()
    wall = time.monotonic() - begun
    wrong = {m: shown(stack.view, m) for m, name in COMPARED.items()
             if shown(stack.view, m) != truth[name]}
    if wrong:
        print(f"{prefix} Redis shows {wrong}", file=sys.stderr)
    scopes = sum(stack.view.scard(key) for key in stack.view.scan_iter("fw:{*}:scopes"))
    records = truth["events"] + truth["duplicates"]
    return {"events_per_s": records / wall, "cpu_s": cpu, "rss_mb": rss,
            "open": processor.most_open, "scopes": scopes, "correct": not wrong}


def committed(admin, group, places):
    request = [ConsumerGroupTopicPartitions(group, places)]
    answer = admin.list_consumer_group_offsets(request, request_timeout=30)[group].result()
    return sum(max(0, p.offset) for p in answer.topic_partitions)


def run_side_by_side(stack, prefix, group, point, records):
    """The rate is that from the first offset that the group has committed to the last."""
    admin = AdminClient({"bootstrap.servers": stack.brokers})
    places = [TopicPartition(f"{prefix}interactions", p) for p in range(point.partitions)]
    seen = [(time.monotonic(), 0)]
    processors = [Processor(stack, prefix, group, point, str(i)) for i in range(point.processes)]
    try:
        while seen[-1][1] < records:
            time.sleep(0.05)
            done = committed(admin, group, places)
            if done > seen[-1][1]:
                seen.append((time.monotonic(), done))
        costs = [p.cost_now() for p in processors]
    finally:
        for p in processors:
            p.process.send_signal(signal.SIGTERM)
        for p in processors:
            p.process.wait(60)
    first = seen[1 if len(seen) > 2 else 0]
    return {"cpu_s": sum(c for c, _ in costs), "rss_mb": sum(r for _, r in costs),
            "events_per_s": (records - first[1]) / (seen[-1][0] - first[0])}


def size_of_records(stack, prefix):
    """Mean bytes of the first values of a topic."""
    consumer = Consumer({"bootstrap.servers": stack.brokers, "group.id": "curves-size",
                         "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.assign([TopicPartition(f"{prefix}interactions", 0, 0)])
    sizes = [len(m.value()) for m in consumer.consume(1000, timeout=30) if not m.error()]
    consumer.close()
    return sum(sizes) / len(sizes)


def measure(stack, axis, repeats):
    title, make = AXES[axis]
    points = list(make(stack.events))
    made = {}
    for point in points:
        prefix = f"{axis}-{point.x}."
        truth = prepare(stack, prefix, point)
        made[point] = prefix, truth, size_of_records(stack, prefix)
    for repeat in range(repeats):
        for point in points:
            prefix, truth, size = made[point]
            records = truth["events"] + truth["duplicates"]
            forget(stack)
            group = f"{prefix}{repeat}"
            figures = (run_side_by_side(stack, prefix, group, point, records) if point.processes
                       else run_to_the_end(stack, prefix, group, point, truth))
            row = {"axis": axis, "title": title, "x": point.x, "records": records, "bytes": size,
                   "cpu_ns_per_event": figures.pop("cpu_s") * 1e9 / records, **figures}
            print(json.dumps(row), flush=True)
            print(f"{axis} {point.x}: {row['cpu_ns_per_event']:.0f} ns", file=sys.stderr)
    admin = AdminClient({"bootstrap.servers": stack.brokers})
    for done in admin.delete_topics([f"{p}interactions" for p, _, _ in made.values()],
                                    request_timeout=60).values():
        done.result()


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin", "dir"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in ("brokers", "registry", "redis"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--repeats", type=int, required=True)
    parser.add_argument("axes", nargs="+", choices=AXES)
    stack = parser.parse_args()
    stack.view = redis_client.Redis.from_url(stack.redis, decode_responses=True)
    for axis in stack.axes:
        measure(stack, axis, stack.repeats)


if __name__ == "__main__":
    main()
