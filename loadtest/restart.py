"""How soon a killed process is live again: restart.py --open N --runs N (by restart.sh).

Makes N interactions that stay open, waits until every task has a snapshot of them, kills the
process and times its successor from its start to /readyz. The last line is a JSON object.
"""

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from confluent_kafka import Producer

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/integration"))

import records  # noqa: E402

PREFIX = "restart."
MAILS_IN_TEN = 2
STALL = 'snapshot_stall_seconds{input="interactions",quantile="1"}'

CONTRACT = """\
contract: acme-support
version: 1
tenant: acme
timezone: UTC
clocks:
  - {name: answer, clock: speed_of_answer, when: {channel: [ticket]}, target: 20s, warn_at: ["75%"]}
  - {name: reply, clock: first_reply, when: {channel: [email]}, target: 4h, warn_at: ["75%"]}
  - {name: solve, clock: resolution, when: {channel: [email]}, target: 2d}
objectives:
  - {name: level, metric: service_level, within: 20s, per: [site, queue], window: 30m,
     target: at least 80%, min_sample: 20, outcome: callers give up, owner: duty}
roles: {duty: {contact: "pager:duty"}}
"""


def settings(folder, partitions, port):
    return f"""\
kafka:
  brokers: {os.environ["KAFKA"]}
  group: restart
  topics: {{partitions: {partitions}, replication: 1}}
topic_prefix: {PREFIX}
schema_registry: {os.environ["REGISTRY"]}
redis: {os.environ["REDIS"]}
instance: restart-1
start: earliest
snapshot_interval: 2s
contracts: {folder}/contracts
listen: 127.0.0.1:{port}
log: {{level: info, format: json}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    def __init__(self, folder, port):
        self.port = port
        self.began = time.monotonic()
        self.log = open(folder / "floorwalker.log", "ab")
        self.child = subprocess.Popen(
            [ROOT / "build/release/bin/floorwalker", "run", "--config", folder / "settings.yaml"],
            stdout=self.log, stderr=self.log)

    def get(self, path):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.read().decode()
        except (OSError, urllib.error.HTTPError):
            return None

    def metric(self, name):
        found = re.search(rf"^floorwalker_{re.escape(name)} (\S+)$", self.get("/metrics") or "",
                          re.MULTILINE)
        return float(found[1]) if found else 0.0

    def wait(self, what, condition, timeout_s=300):
        until = time.monotonic() + timeout_s
        while not condition():
            if self.child.poll() is not None:
                sys.exit(f"floorwalker ended with status {self.child.returncode}; see its log")
            if time.monotonic() > until:
                sys.exit(f"not within {timeout_s} s: {what}")
            time.sleep(0.02)
        return time.monotonic() - self.began

    def wait_ready(self):
        return self.wait("ready", lambda: self.get("/readyz") is not None)

    def kill(self):
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()
        self.log.close()

    def cpu_s(self):
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mb(self):
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def fill(count):
    writer = records.Writer(records.Registry(os.environ["REGISTRY"]))
    producer = Producer({"bootstrap.servers": os.environ["KAFKA"], "linger.ms": 50,
                         "partitioner": "murmur2_random", "compression.type": "lz4",
                         "queue.buffering.max.messages": 200000})
    for k in range(count):
        mail = k % 10 < MAILS_IN_TEN
        name = f"call-{k * 0x9E3779B97F4A7C15 % 2**64:016x}"
        event = records.interaction(
            "CREATED" if mail else "QUEUED", name, int(time.time() * 1000),
            channel="EMAIL" if mail else "TICKET", site_id=f"site-{k % 8}",
            queue_id=f"queue-{k // 8 % 5}")
        while True:
            try:
                producer.produce(PREFIX + "interactions", writer(event), name)
                break
            except BufferError:
                producer.poll(0.1)
        if k % 1000 == 0:
            producer.poll(0)
    producer.flush()


def snapshots_are_taken(process, tasks):
    """So many more that each task has one of now; the chunks of the last are on their way then."""
    before = process.metric("snapshots_total")
    process.wait("snapshots", lambda: process.metric("snapshots_total") >= before + 2 * tasks + 1)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--open", type=int, default=1000000)
    options.add_argument("--partitions", type=int, default=8)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--dir", type=Path, required=True)
    o = options.parse_args()
    port = free_port()
    (o.dir / "contracts").mkdir(parents=True, exist_ok=True)
    (o.dir / "contracts/acme.yaml").write_text(CONTRACT)
    (o.dir / "settings.yaml").write_text(settings(o.dir, o.partitions, port))

    process = Process(o.dir, port)
    process.wait_ready()
    rss_before = process.rss_mb()
    fill(o.open)
    process.wait("all are open", lambda: process.metric("open_interactions") == o.open)
    rss = process.rss_mb()
    print(f"{o.open} interactions are open, RSS {rss:.0f} MB, "
          f"{(rss - rss_before) * 2**20 / o.open:.0f} bytes each", file=sys.stderr)
    took, stalls = [], []
    for run in range(o.runs):
        snapshots_are_taken(process, 2 * o.partitions)
        stalls.append(process.metric(STALL) * 1e3)
        process.kill()
        process = Process(o.dir, port)
        took.append(process.wait_ready())
        cpu = process.cpu_s()
        there = process.metric("open_interactions")
        print(f"run {run + 1}: live {took[-1]:.2f} s after its start and {cpu:.2f} s of CPU with "
              f"{there:.0f} open, {process.metric('snapshots_loaded_total'):.0f} snapshots loaded, "
              f"{process.metric('replayed_total'):.0f} records replayed, RSS "
              f"{process.rss_mb():.0f} MB; longest stall before {stalls[-1]:.1f} ms",
              file=sys.stderr)
        if there != o.open:
            sys.exit(f"{there:.0f} interactions are open, {o.open} were")
    process.kill()
    print(json.dumps({"open": o.open, "partitions": o.partitions, "live_s": sorted(took),
                      "stall_ms": max(stalls), "rss_mb": round(rss)}))


if __name__ == "__main__":
    main()
