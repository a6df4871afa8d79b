"""One test's own corner of the real stack: topics, configuration, processor, readers."""

import contextlib
import json
import os
import re
import signal
import socket
import struct
import subprocess
import time

import confluent_kafka as ck
import redis
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

from records import Registry, Writer

REPLAY_TOPIC = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
LIVE_TOPIC = {"message.timestamp.type": "LogAppendTime"}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(what, condition, timeout_s=30, every_s=0.1, instead=lambda: ""):
    """Polls until condition() is true and returns its value; instead() says what there was."""
    until = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < until, f"{what} did not come within {timeout_s} s {instead()}"
        time.sleep(every_s)


class Process:
    """A running program whose output goes to a file."""

    def __init__(self, command, log):
        self.log = log
        self.file = open(log, "ab")
        self.popen = subprocess.Popen(command, stdout=self.file, stderr=subprocess.STDOUT)

    @property
    def output(self):
        return self.log.read_text(errors="replace")

    @property
    def status(self):
        return self.popen.poll()

    def wait(self, timeout_s=30):
        return self.popen.wait(timeout_s)

    def terminate(self, timeout_s=20):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
        return self.close(timeout_s)

    def close(self, timeout_s=20):
        try:
            return self.popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait(10)
            raise AssertionError(f"{self.popen.args[:2]} did not end:\n{self.output[-4000:]}")
        finally:
            self.file.close()


class World:
    """Topics under a prefix, a group, a Redis database and a folder of one test's own."""

    def __init__(self, stack, folder, name, database):
        self.stack = stack
        self.folder = folder
        self.prefix = f"{name}."
        self.group = f"{name}-group"
        self.redis_url = f"{stack.redis.rsplit('/', 1)[0]}/{database}"
        self.redis = redis.Redis.from_url(self.redis_url, decode_responses=True)
        self.redis.flushdb()
        self.registry = Registry(stack.registry)
        self.admin = AdminClient({"bootstrap.servers": stack.kafka})
        self.http_port = free_port()
        self.contracts = folder / "contracts"
        self.contracts.mkdir()
        self.processes = []
        self._producer = None
        self._writer = None

    # ---- topics ----

    def topic(self, name="interactions"):
        return self.prefix + name

    def create(self, name="interactions", partitions=1, settings=REPLAY_TOPIC):
        topic = NewTopic(self.topic(name), partitions, 1, config=settings)
        for future in self.admin.create_topics([topic]).values():
            future.result(30)

    def grow(self, name, partitions):
        new = NewPartitions(self.topic(name), partitions)
        for future in self.admin.create_partitions([new]).values():
            future.result(30)

    def expire(self, topic, upto):
        """The broker forgets what stands before these offsets: {partition: offset}."""
        parts = [ck.TopicPartition(topic, p, offset) for p, offset in upto.items()]
        for future in self.admin.delete_records(parts).values():
            future.result(30)

    def forget_offsets(self):
        """The broker forgets the group; false while it still has members."""
        try:
            for future in self.admin.delete_consumer_groups([self.group]).values():
                future.result(30)
            return True
        except ck.KafkaException:
            return False

    def positions(self):
        """The group's positions with their metadata, from the broker's own topic: the client's
        call hands metadata out with bytes of its memory behind it."""
        found = {}
        for key, value, _, _ in self.raw("__consumer_offsets"):
            kind, = struct.unpack_from(">h", key)
            if kind != 1 or not value:
                continue
            group, at = short_text(key, 2)
            topic, at = short_text(key, at)
            if group == self.group:
                offset, = struct.unpack_from(">q", value, 2)
                partition, = struct.unpack_from(">i", key, at)
                found[topic, partition] = ck.TopicPartition(
                    topic, partition, offset, metadata=compact_text(value, 14))
        return list(found.values())

    def move(self, positions):
        """Commits in place of the group; false while it still has members."""
        client = ck.Consumer({"bootstrap.servers": self.stack.kafka, "group.id": self.group})
        try:
            client.commit(offsets=positions, asynchronous=False)
            return True
        except ck.KafkaException:
            return False
        finally:
            client.close()

    def settings(self, name):
        resource = ConfigResource("topic", self.topic(name))
        for future in self.admin.describe_configs([resource]).values():
            return {k: v.value for k, v in future.result(30).items()}

    def partitions(self, topic):
        metadata = self.admin.list_topics(topic, timeout=20).topics.get(topic)
        return sorted(metadata.partitions) if metadata and not metadata.error else []

    # ---- writing ----

    @property
    def writer(self):
        if self._writer is None:
            self._writer = Writer(self.registry)
        return self._writer

    @property
    def producer(self):
        if self._producer is None:
            self._producer = ck.Producer({
                "bootstrap.servers": self.stack.kafka, "partitioner": "murmur2_random",
                "enable.idempotence": True, "linger.ms": 5, "compression.type": "lz4",
                "message.max.bytes": 8_000_000, "queue.buffering.max.messages": 1_000_000})
        return self._producer

    def send(self, event, at=None, **options):
        """An interaction event under its own key; `at` is the record's timestamp."""
        self.send_raw(self.writer(event), event["interaction_id"].encode(), at, **options)

    def send_raw(self, value, key, at=None, topic="interactions", partition=-1):
        stamp = {"timestamp": at} if at is not None else {}
        while True:
            try:
                self.producer.produce(self.topic(topic), value, key, partition,
                                      on_delivery=_expect_delivery, **stamp)
                break
            except BufferError:
                self.producer.poll(0.1)
        self.producer.poll(0)

    def flush(self):
        assert self.producer.flush(60) == 0

    # ---- the processor ----

    def config(self, name="floorwalker.yaml", **overrides):
        """Writes a configuration (JSON is YAML) and returns its path."""
        settings = {
            "kafka": {"brokers": self.stack.kafka, "group": self.group,
                      "topics": {"partitions": 1, "replication": 1}},
            "topic_prefix": self.prefix, "schema_registry": self.stack.registry,
            "redis": self.redis_url, "instance": f"{self.group}-1", "clock": "log",
            "start": "earliest", "contracts": str(self.contracts),
            "listen": f"127.0.0.1:{self.http_port}", "log": {"level": "info", "format": "json"},
        }
        for key, value in overrides.items():
            if isinstance(value, dict) and isinstance(settings.get(key), dict):
                settings[key] = {**settings[key], **value}
            else:
                settings[key] = value
        path = self.folder / name
        path.write_text(json.dumps(settings, indent=2))
        return path

    def contract(self, contract, name=None):
        """Writes a contract, given as a dict or as the file's very text."""
        name = name or "contract.yaml"
        text = contract if isinstance(contract, str) else json.dumps(contract, indent=2)
        (self.contracts / name).write_text(text)
        return self.contracts / name

    def floorwalker(self, *arguments, timeout_s=60):
        """Runs a command to its end."""
        return subprocess.run([self.stack.floorwalker, *map(str, arguments)], text=True,
                              capture_output=True, timeout=timeout_s)

    def replay(self, config, *arguments, timeout_s=300):
        """Runs the processor over what the topics hold; it must succeed."""
        done = self.floorwalker("run", "--config", config, "--until-end", *arguments,
                                timeout_s=timeout_s)
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"status {done.returncode}:\n{said[-4000:]}"
        return done

    def start(self, config, *arguments, name="floorwalker", ready=True, timeout_s=30, port=None):
        """Starts the processor; with `ready`, returns when /readyz says so."""
        process = Process([self.stack.floorwalker, "run", "--config", str(config),
                           *map(str, arguments)], self.folder / f"{name}.log")
        self.processes.append(process)
        if ready:
            self.wait_ready(process, timeout_s, port)
        return process

    def wait_ready(self, process, timeout_s=30, port=None):
        def look():
            assert process.status is None, f"it ended, status {process.status}:\n{process.output}"
            return self.http("/readyz", port)[0] == 200
        wait_for("/readyz", look, timeout_s)

    def http(self, path, port=None):
        """(status, text) of a GET; status 0 when nobody answers."""
        with contextlib.suppress(OSError):
            answer = self.registry.http.get(f"http://127.0.0.1:{port or self.http_port}{path}",
                                            timeout=5)
            return answer.status_code, answer.text
        return 0, ""

    def floorsim(self, *arguments, timeout_s=120):
        """Runs the simulated sites into this world's topics; returns what they say on stderr."""
        done = subprocess.run([self.stack.floorsim, "--brokers", self.stack.kafka, "--registry",
                               self.stack.registry, "--topic-prefix", self.prefix,
                               *map(str, arguments)], text=True, capture_output=True,
                              timeout=timeout_s)
        assert done.returncode == 0, done.stderr
        return done.stderr

    # ---- reading ----

    def raw(self, topic, isolation="read_committed"):
        """Every record that the topic holds now, as (key, value, partition, timestamp)."""
        for m in self.messages(topic, isolation):
            yield m.key(), m.value(), m.partition(), m.timestamp()[1]

    def messages(self, topic, isolation="read_committed"):
        """The same as the client's messages: millions of them, of which few are wanted."""
        partitions = self.partitions(topic)
        if not partitions:
            return
        consumer = ck.Consumer({
            "bootstrap.servers": self.stack.kafka, "group.id": f"{self.group}-reader",
            "enable.auto.commit": False, "auto.offset.reset": "earliest",
            "isolation.level": isolation, "enable.partition.eof": True,
            "fetch.message.max.bytes": 8_000_000})
        try:
            consumer.assign([ck.TopicPartition(topic, p, 0) for p in partitions])
            left, until = set(partitions), time.monotonic() + 120
            while left:
                assert time.monotonic() < until, f"{topic} could not be read to its end"
                for message in consumer.consume(10_000, 0.5):
                    error = message.error()
                    if error is None:
                        yield message
                    elif error.code() == ck.KafkaError._PARTITION_EOF:
                        left.discard(message.partition())
                    else:
                        raise ck.KafkaException(error)
        finally:
            consumer.close()

    def records(self, name, needles=()):
        """Decoded records of a topic; with needles, only those whose bytes hold one of them."""
        for _, value, _, _ in self.raw(self.topic(name)):
            if not needles or any(needle in value for needle in needles):
                yield self.registry.decode(value)

    def alerts(self, *kinds, topic="alerts.sla"):
        return [a for a in self.records(topic) if not kinds or a["kind"] in kinds]

    def dead_letters(self):
        return list(self.records("dead-letters"))

    def kpis(self, window, metrics=None, scopes=None):
        """(scope, window start) -> {metric: (value, numerator, denominator)}; newest revision.

        `scopes` names the sets of dimensions that are wanted, for instance {(), ("queue",)}.
        """
        wanted, name = kpi_pattern(window, metrics), _avro_string(window)
        newest = {}
        for message in self.messages(self.topic("kpis")):
            value = message.value()
            if (name not in value or not wanted.search(value)
                    or (scopes is not None and kpi_dimensions(value) not in scopes)):
                continue
            record = self.registry.decode(value)
            if record["window"] != window or (metrics and record["metric"] not in metrics):
                continue
            view = tuple((d, record[f]) for d, f in FIELDS if record[f] is not None)
            key = view, record["window_start_at"], record["metric"]
            if key not in newest or newest[key]["revision"] < record["revision"]:
                newest[key] = record
        out = {}
        for (view, start, metric), r in newest.items():
            out.setdefault((view, start), {})[metric] = (r["value"], r["numerator"],
                                                         r["denominator"])
        return out

    # ---- the end ----

    def close(self):
        for process in self.processes:
            if process.status is None:
                with contextlib.suppress(AssertionError):
                    process.terminate()
        self.redis.flushdb()
        self.redis.close()


FIELDS = (("vendor", "vendor_id"), ("site", "site_id"), ("queue", "queue_id"),
          ("channel", "channel"), ("priority", "priority"), ("agent", "agent_id"))


def _avro_string(text):
    return bytes([2 * len(text)]) + text.encode()  # below 64 bytes


def kpi_pattern(window, metrics):
    """Finds records of a window and metrics in their bytes: decoding all of them takes minutes."""
    number = rb"[\x80-\xff]*[\x00-\x7f]"
    names = b"|".join(re.escape(_avro_string(m)) for m in sorted(metrics)) if metrics else b""
    return re.compile(re.escape(_avro_string(window)) + number * 2 + b"(?:" + names + b")", re.S)


def kpi_dimensions(value):
    """The dimensions that a KpiSnapshot's scope fixes, from its bytes: tenant, then six unions."""
    at = 6 + value[5] // 2
    out = []
    for name, _ in FIELDS:
        if value[at]:
            out.append(name)
            at += 1 + value[at + 1] // 2
        at += 1
    return tuple(out)


def _expect_delivery(error, message):
    if error is not None:
        raise AssertionError(f"not delivered to {message.topic()}: {error}")


def short_text(data, at):
    """A text of Kafka's own records, and the place behind it."""
    size, = struct.unpack_from(">h", data, at)
    return data[at + 2:at + 2 + size].decode(), at + 2 + size


def compact_text(data, at):
    """The same in Kafka's newer way: its size and one, in groups of seven bits."""
    size = shift = 0
    while True:
        byte, at = data[at], at + 1
        size |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return data[at:at + size - 1].decode()


def scaled(seconds):
    """A time limit, longer where the machine or the build is slow (sanitizers)."""
    return seconds * float(os.environ.get("FLOORWALKER_TEST_SLOWNESS", "1"))
