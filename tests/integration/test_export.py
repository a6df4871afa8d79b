"""`floorwalker export` and `backtest --topic`: a topic's range, as it stands there."""

import json

import fastavro
import pytest

from backtests import Bench, of
from records import Writer, interaction, text_of

pytestmark = pytest.mark.timeout(300)

START = 1_764_500_400_000
MINUTE_MS = 60_000


def calls(count):
    for number in range(count):
        at, name = START + number * MINUTE_MS // 2, f"call-{number}"
        yield interaction("QUEUED", name, at, attrs={"n": str(number)})
        yield interaction("ANSWERED", name, at + (number % 7) * 9_000)
        yield interaction("DISCONNECTED", name, at + 90_000)


def later_version():
    schema = json.loads(text_of("InteractionEvent"))
    schema["fields"].append({"name": "mood", "type": "string", "default": "calm"})
    return json.dumps(schema)


def agreement():
    return {"contract": "acme-support", "version": 1, "tenant": "acme", "timezone": "Europe/Warsaw",
            "clocks": [{"name": "pick-up", "clock": "speed_of_answer", "target": "30s"}],
            "roles": {"duty": {"contact": "mail:duty"}},
            "objectives": [{"name": "level", "metric": "service_level", "within": "20s",
                            "per": ["site"], "window": "15m", "target": "at least 60%",
                            "min_sample": 3, "owner": "duty", "outcome": "callers give up"}]}


def read(path):
    with open(path, "rb") as file:
        return list(fastavro.reader(file))


def instants(record):
    """fastavro makes datetime objects of instants."""
    return {k: int(v.timestamp() * 1000) if hasattr(v, "timestamp") else v
            for k, v in record.items()}


@pytest.fixture
def sent(world):
    """A topic of three partitions: calls, in two versions of the schema, a tick, and rubbish."""
    world.create(partitions=3)
    newer, tick = Writer(world.registry, text=later_version()), Writer(world.registry, "Tick")
    events = sorted(calls(200), key=lambda e: e["event_at"])
    for i, event in enumerate(events):
        at = event["event_at"] + 250
        if i % 3 == 0:
            world.send_raw(newer({**event, "mood": "angry"}), event["interaction_id"].encode(), at)
        else:
            world.send(event, at=at)
    world.send_raw(tick({"at": START, "instance": "x"}), None, START + 100, partition=1)
    world.send_raw(b"rubbish", b"call-1", START + 110, partition=0)
    world.send_raw(b"\0\x7f\xff\xff\xffunknown", b"call-2", START + 120, partition=2)
    world.flush()
    return events


def export(world, *arguments):
    done = world.floorwalker("export", "--config", world.config(), "--topic", "interactions",
                             *arguments)
    assert done.returncode == 0, done.stderr
    return done


def test_a_topic_comes_back_as_it_was_written(world, sent, tmp_path):
    done = export(world, "--out", tmp_path / "calls.avro")
    assert done.stdout == "".join(
        f"{tmp_path}/{name}: {count} records of floorwalker.v1.InteractionEvent\n"
        for name, count in (("calls.avro", 200), ("calls-2.avro", 400)))
    assert "2 records left out; the first: partition " in done.stderr
    newer, older = read(tmp_path / "calls.avro"), read(tmp_path / "calls-2.avro")
    assert all(r.pop("mood") == "angry" for r in newer)
    for records in (newer, older):
        stamps = [r["log_at"] for r in records]
        assert stamps == sorted(stamps)
    found = {r["event_id"]: instants(r) for r in newer + older}
    assert len(found) == len(sent)
    for event in sent:
        record = found[event["event_id"]]
        assert record.pop("log_at") == event["event_at"] + 250
        assert {k: record[k] for k in event} == event


@pytest.mark.parametrize("codec", ["null", "zstandard"])
def test_a_range_of_time(world, sent, tmp_path, codec):
    begin, end = START + 20 * MINUTE_MS, START + 40 * MINUTE_MS
    export(world, "--out", tmp_path / "part.avro", "--from", begin, "--to", end, "--codec", codec)
    bench = Bench(tmp_path)
    files = sorted(p.name for p in tmp_path.glob("part*.avro"))
    lines = bench.lines("--contracts", bench.contracts("trial", agreement()), "--avro", *files)
    expected = [e["event_at"] + 250 for e in sent if begin <= e["event_at"] + 250 < end]
    told, = of(lines, "input")
    assert (told["events"], told["from_at"], told["to_at"]) == (
        len(expected), expected[0], expected[-1])


def test_a_topic_and_its_export_are_judged_alike(world, sent, tmp_path):
    export(world, "--out", tmp_path / "calls.avro")
    bench = Bench(tmp_path)
    folder = bench.contracts("trial", agreement())
    options = ("--contracts", folder, "--json", "--episodes")
    exported = bench.text(*options, "--avro", "calls.avro", "calls-2.avro")
    done = bench.run(*options, "--topic", "interactions", "--config", world.config())
    assert done.returncode == 0, done.stderr
    topic = [json.loads(line) for line in done.stdout.splitlines()]
    assert {r["reason"]: r["events"] for r in of(topic, "refused")} == {
        "undecodable": 1, "unknown_schema": 1}
    assert "2 records refused; the first: partition " in done.stderr
    assert [r for r in topic if r["record"] != "refused"] == [
        json.loads(line) for line in exported.splitlines()]
    assert of(topic, "input")[0]["events"] == len(sent)
    assert of(topic, "alerts", kind="objective_breach") and of(topic, "alerts", kind="item_breach")


def test_a_wrong_export_says_what_is_wrong(world, tmp_path):
    config = world.config()
    for status, text, arguments in (
            (1, f"topic {world.prefix}nothing does not exist",
             ["--topic", "nothing", "--out", tmp_path / "x.avro"]),
            (2, "--topic T is missing", ["--out", "x"]),
            (2, "--out FILE is missing", ["--topic", "interactions"]),
            (2, "--codec compression \"zip\" is not", ["--topic", "t", "--out", "x", "--codec",
                                                       "zip"]),
            (2, "--form is not known", ["--form", "now", "--topic", "t", "--out", "x"])):
        done = world.floorwalker("export", "--config", config, *arguments)
        assert (done.returncode, done.stdout) == (status, ""), done.stderr
        assert text in done.stderr, done.stderr
