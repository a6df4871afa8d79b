"""Bad input: whatever comes, the processor goes on or says what is wrong and where."""

import json
import struct
import time

import pytest
import redis as redis_client

from faults import Forwarder, GatedRegistry, OwnRedis
from harness import LIVE_TOPIC, REPLAY_TOPIC, scaled, wait_for
from records import Writer, interaction, text_of

pytestmark = pytest.mark.timeout(240)

START = 1_767_600_000_000  # 2026-01-05T08:00:00Z
HOUR = 3_600_000
CONTRACT = {"contract": "acme", "version": 1, "tenant": "acme", "timezone": "UTC"}


# ---- records ----

def elephant(world):
    schema = json.loads(text_of("InteractionEvent"))
    schema["name"] = "Elephant"
    return Writer(world.registry, text=json.dumps(schema))


def with_bad_utf8(world, event):
    event = {**event, "queue_id": "QQQQ"}
    return world.writer(event).replace(b"\x08QQQQ", b"\x08\xff\xfe\xc0\x80")


def with_endless_array(world, event):
    """Ends with the map of attributes: a block that claims 2^60 entries."""
    zigzag, out = (1 << 60) << 1, b""
    while zigzag >= 0x80:
        out += bytes([zigzag & 0x7F | 0x80])
        zigzag >>= 7
    body = world.writer(event)
    assert body.endswith(b"\x00")
    return body[:-1] + out + bytes([zigzag])


BAD = {
    # name: (value of (world, event), the reasons that fit, a word that the detail must hold)
    "garbage": (lambda w, e: b"this is not Avro at all", {"UNDECODABLE"}, ""),
    "empty": (lambda w, e: b"", {"UNDECODABLE"}, ""),
    "truncated": (lambda w, e: w.writer(e)[:40], {"UNDECODABLE"}, ""),
    "unknown schema id": (lambda w, e: struct.pack(">bI", 0, 2_000_000_000) + w.writer.body(e),
                          {"UNKNOWN_SCHEMA"}, "2000000000"),
    "wrong record name": (lambda w, e: elephant(w)(e),
                          {"UNKNOWN_SCHEMA", "UNDECODABLE", "INVALID"}, "Elephant"),
    "missing id": (lambda w, e: w.writer({**e, "interaction_id": ""}), {"INVALID"},
                   "interaction_id"),
    "missing event id": (lambda w, e: w.writer({**e, "event_id": ""}), {"INVALID"}, "event_id"),
    "missing tenant": (lambda w, e: w.writer({**e, "tenant_id": ""}), {"INVALID"}, "tenant_id"),
    "missing queue": (lambda w, e: w.writer({**e, "queue_id": None}), {"INVALID"}, "queue_id"),
    "impossible move": (lambda w, e: w.writer({**e, "type": "ABANDONED"}), {"IMPOSSIBLE_MOVE"},
                        "ABANDONED"),
    "a day late": (lambda w, e: w.writer({**e, "event_at": START - 25 * HOUR}), {"TOO_LATE"}, ""),
    "an hour ahead": (lambda w, e: w.writer({**e, "event_at": START + HOUR + 1000}), {"FUTURE"},
                      ""),
    "negative duration": (lambda w, e: w.writer({**e, "talk_ms": -1}), {"INVALID"}, "talk_ms"),
    "two mebibytes": (lambda w, e: w.writer({**e, "attrs": {"x": "y" * (2 << 20)}}),
                      {"TOO_LARGE"}, ""),
    "invalid UTF-8": (with_bad_utf8, {"UNDECODABLE", "INVALID"}, ""),
    "an array of 2^60": (with_endless_array, {"UNDECODABLE", "TOO_LARGE"}, ""),
}


def good_call(world, number, at):
    name = f"good-{number}"
    world.send(interaction("QUEUED", name, at), at=at)
    world.send(interaction("ANSWERED", name, at + 2000, agent_id="a1"), at=at + 2000)
    world.send(interaction("DISCONNECTED", name, at + 9000, agent_id="a1"), at=at + 9000)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_record_is_a_dead_letter_and_processing_goes_on(world, name):
    make, reasons, word = BAD[name]
    world.create(settings={**REPLAY_TOPIC, "max.message.bytes": str(8 << 20)})
    good_call(world, 1, START - 20_000)
    value = make(world, interaction("QUEUED", "bad-1", START))
    key = b"" if name == "missing id" else b"bad-1"
    world.send_raw(value, key, at=START)
    good_call(world, 2, START + 1000)
    world.flush()
    world.contract(CONTRACT)
    world.replay(world.config())
    letters = world.dead_letters()
    assert [letter["reason"] in reasons for letter in letters] == [True], letters
    letter = letters[0]
    assert (letter["topic"], letter["partition"], letter["offset"]) == (world.topic(), 0, 3)
    assert letter["key"] == key
    assert letter["value"] == value[:65536]
    assert letter["detail"].strip() and word.lower() in letter["detail"].lower(), letter["detail"]
    expect_counts(world, 2, 2)


def expect_counts(world, offered, handled):
    figures = world.kpis("1h", {"offered", "handled"}, {()})
    assert sum(f["offered"][0] for f in figures.values()) == offered
    assert sum(f["handled"][0] for f in figures.values()) == handled


def test_a_key_that_is_not_the_id(world):
    world.create()
    good_call(world, 1, START)
    world.send_raw(world.writer(interaction("QUEUED", "call-7", START)), b"call-8", at=START)
    world.flush()
    world.contract(CONTRACT)
    world.replay(world.config())
    letters = world.dead_letters()
    assert [x["reason"] for x in letters] == ["INVALID"]
    assert "key" in letters[0]["detail"]
    expect_counts(world, 1, 1)


def test_floorsims_bad_records_touch_nothing_else(world):
    path = world.folder / "truth.jsonl"
    world.floorsim("--events", 5000, "--rate", 20, "--bad", "0.05", "--channels", "voice",
                   "--drain", "--profile", "flat", "--truth", path, "--partitions", 2)
    total = json.loads(path.read_text().splitlines()[-1])
    world.contract({**CONTRACT, "feeds": {"refused_above": "1%"}})
    world.replay(world.config(kafka={"topics": {"partitions": 2, "replication": 1}}))
    bad = total["bad"]
    letters, told = list(world.dead_letters()), {}
    for letter in letters:
        told[letter["reason"]] = told.get(letter["reason"], 0) + 1
    assert told == {"UNDECODABLE": bad["garbage"] + bad["truncated"],
                    "UNKNOWN_SCHEMA": bad["unknown_schema"],
                    "INVALID": bad["no_id"] + bad["wrong_key"] + bad["negative"],
                    "TOO_LATE": bad["too_late"], "FUTURE": bad["future"]}
    expect_counts(world, total["offered"], total["handled"])
    expect_quality(world, letters)


def expect_quality(world, letters):
    """Each site is told of once, with what came of it until then and how much was refused; one
    alert of the tenant stands for them."""
    refused = {(x["partition"], x["offset"]): x["reason"] for x in letters}
    came = []  # (when, site, the reason or None) of what says whose it is
    for m in world.messages(world.topic()):
        reason = refused.get((m.partition(), m.offset()))
        if reason not in ("UNDECODABLE", "UNKNOWN_SCHEMA"):
            came.append((m.timestamp()[1], world.registry.decode(m.value())["site_id"], reason))
    said = [a for a in world.alerts("DATA_QUALITY", topic="alerts.operations")
            if a["transition"] == "FIRING"]
    of_tenant = [a["summary"] for a in said if a["site_id"] is None]
    said = [a for a in said if a["site_id"] is not None]
    assert len(of_tenant) == 1 and "see refused records in" in of_tenant[0]
    assert sorted(a["site_id"] for a in said) == sorted({site for _, site, _ in came})
    for a in said:
        of = [reason for at, site, reason in came
              if site == a["site_id"] and a["window_start_at"] <= at < a["window_end_at"]]
        bad = [reason for reason in of if reason]
        assert (a["numerator"], a["denominator"]) == (len(bad), len(of))
        assert a["observed"] == len(bad) / len(of) > a["threshold"] == 0.01
        assert {c["value"]: c["share"] for c in a["contributors"]} == {
            reason.lower(): bad.count(reason) / len(bad) for reason in bad}
        assert {c["dimension"] for c in a["contributors"]} == {"reason"}
        assert f"{len(bad)} were refused" in a["summary"]


# ---- servers that are not there ----

def test_a_registry_that_is_down_stops_only_the_partition_that_needs_it(world):
    gate = GatedRegistry(world.stack.registry)
    try:
        newer = json.loads(text_of("InteractionEvent"))
        newer["fields"].append({"name": f"extra_{time.time_ns()}", "type": "int", "default": 0})
        other = Writer(world.registry, text=json.dumps(newer))
        gate.held.add(other.number)
        world.create(partitions=2, settings=LIVE_TOPIC)
        world.contract(CONTRACT)
        process = world.start(world.config(
            clock="live", schema_registry=gate.url, max_source_lag="2s",
            kafka={"topics": {"partitions": 2, "replication": 1}}))
        now = int(time.time() * 1000)
        ids = ids_of_partitions(world)
        event = interaction("QUEUED", ids[1], now)
        world.send_raw(other(event), ids[1].encode(), partition=1)
        world.send(interaction("QUEUED", ids[0], now), partition=0)
        world.flush()
        wait_for("the other partition's call", lambda: offered_now(world) == 1, scaled(40))
        wait_for("a word about it", lambda: f"{other.number}" in process.output, scaled(20))
        assert world.dead_letters() == []
        gate.held.clear()
        wait_for("the call that was held up", lambda: offered_now(world) == 2, scaled(40))
        assert process.terminate() == 0
    finally:
        gate.close()


def test_registering_beside_another_process_is_tried_again(world):
    """A registry tells one of two who register the same schema at once of a conflict; one that
    stays is the registry's last word."""
    gate = GatedRegistry(world.stack.registry)
    try:
        world.create(settings=LIVE_TOPIC)
        world.contract(CONTRACT)
        config = world.config(clock="live", schema_registry=gate.url)
        gate.conflicts = 2
        assert world.start(config).terminate() == 0
        assert gate.conflicts == 0
        gate.conflicts = 1000
        process = world.start(config, ready=False, name="refused")
        assert process.wait(scaled(20)) == 1
        assert "status 409" in process.output
    finally:
        gate.close()


def ids_of_partitions(world):
    """An interaction id for partition 0 and one for 1, by the hash that producers use."""
    found = {}
    for i in range(64):
        name = f"call-{i}"
        found.setdefault((murmur2(name.encode()) & 0x7FFFFFFF) % 2, name)
    return found


def murmur2(data):
    """Kafka's default partitioner, as its documents describe it."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i:i + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    rest = data[whole:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


def offered_now(world, client=None):
    shown = (client or world.redis).hget("fw:{acme}:kpi:all:15m", "offered")
    return int(shown) if shown is not None else 0


@pytest.mark.skipif(not OwnRedis.available(), reason="redis-server is not installed")
def test_a_redis_that_is_down_at_the_start(world):
    """Alerts flow without it; when it comes, the view is right within 5 s."""
    redis = OwnRedis(world.folder)
    world.create(settings=LIVE_TOPIC)
    world.contract({**CONTRACT, "clocks": [
        {"name": "answer", "clock": "speed_of_answer", "when": {"channel": ["voice"]},
         "target": "1s", "severity": "major"}]})
    process = world.start(world.config(clock="live",
                                       redis=f"redis://127.0.0.1:{redis.port}/0"))
    try:
        world.send(interaction("QUEUED", "call-1", int(time.time() * 1000)))
        world.flush()
        wait_for("the breach", lambda: world.alerts("ITEM_BREACH"), scaled(20))
        assert "redis" in process.output.lower()
        redis.start()
        client = redis_client.Redis(port=redis.port, decode_responses=True)
        wait_for("the view", lambda: client.hget("fw:{acme}:now:all", "waiting") == "1", scaled(5))
        wait_for("the next step", lambda: offered_now(world, client) == 1, scaled(30))
        assert process.terminate() == 0
    finally:
        redis.close()


@pytest.mark.skipif(not OwnRedis.available(), reason="redis-server is not installed")
def test_a_wrong_password(world):
    redis = OwnRedis(world.folder, "--requirepass", "right")
    redis.start()
    try:
        world.create(settings=LIVE_TOPIC)
        world.contract(CONTRACT)
        config = world.config(clock="live", redis=f"redis://:wrong@127.0.0.1:{redis.port}/0")
        process = world.start(config)
        wait_for("a word about it", lambda: "password" in process.output.lower()
                 or "wrongpass" in process.output.lower(), scaled(20))
        assert ":wrong@" not in process.output
        assert process.terminate() == 0
    finally:
        redis.close()


@pytest.mark.skipif(not OwnRedis.available(), reason="redis-server is not installed")
def test_check_connect_tries_what_it_would_need(world):
    redis = OwnRedis(world.folder, "--requirepass", "right")
    redis.start()
    try:
        world.contract(CONTRACT)
        good = world.floorwalker("check", "--connect", "--config", world.config())
        assert good.returncode == 0, good.stdout + good.stderr
        config = world.config(redis=f"redis://:wrong@127.0.0.1:{redis.port}/0")
        done = world.floorwalker("check", "--connect", "--config", config)
        said = (done.stdout + done.stderr).lower()
        assert done.returncode == 2, said
        assert "refused the login" in said, said
        assert ":wrong@" not in said
    finally:
        redis.close()


def test_a_broker_that_is_down_at_the_start(world):
    door = Forwarder(world.stack.kafka)
    world.create(settings=LIVE_TOPIC)
    world.contract(CONTRACT)
    process = world.start(world.config(clock="live", kafka={"brokers": door.address}),
                          ready=False)
    try:
        wait_for("a word about it", lambda: door.address in process.output, scaled(30))
        assert process.status is None, process.output
        door.open()
        world.wait_ready(process, scaled(40))
        assert process.terminate() == 0
    finally:
        door.close()


# ---- topics ----

def test_missing_topics_are_created(world):
    world.contract(CONTRACT)
    process = world.start(world.config(clock="live", kafka={
        "topics": {"partitions": 3, "replication": 1}}))
    assert world.partitions(world.topic("interactions")) == [0, 1, 2]
    assert world.settings("interactions")["message.timestamp.type"] == "LogAppendTime"
    for name in ("alerts.sla", "alerts.demand", "alerts.operations", "kpis", "dead-letters"):
        assert world.partitions(world.topic(name)), name
    assert process.terminate() == 0


def test_a_topic_with_the_wrong_timestamp_type(world):
    world.create(settings=REPLAY_TOPIC)
    world.contract(CONTRACT)
    config = world.config(clock="live")
    process = world.start(config, ready=False)
    world.send(interaction("QUEUED", "call-1", int(time.time() * 1000)))
    world.flush()
    assert process.wait(scaled(30)) == 1, process.output
    assert world.topic() in process.output
    assert "message.timestamp.type=LogAppendTime" in process.output
    assert "kafka-configs" in process.output


def test_more_partitions_than_before(world):
    world.create(partitions=2)
    good_call(world, 1, START)
    world.flush()
    world.contract(CONTRACT)
    config = world.config(kafka={"topics": {"partitions": 2, "replication": 1}})
    process = world.start(config)
    wait_for("the first commit", lambda: committed(world) == 3, scaled(20))
    assert process.terminate() == 0
    world.grow("interactions", 3)
    process = world.start(config, name="again", ready=False)
    assert process.wait(scaled(30)) == 1, process.output
    assert "interactions has 3 partitions now and had 2" in process.output, process.output


def committed(world):
    status, text = world.http("/progress")
    if status != 200:
        return 0
    return sum(p["committed_offset"] for p in json.loads(text)["partitions"]
               if p["input"] == "interactions")


def test_a_second_process_of_the_same_name(world):
    """The newer wins; the older one goes and says why."""
    world.create(settings=LIVE_TOPIC)
    world.contract(CONTRACT)
    older = world.start(world.config(clock="live"), name="older")
    world.send(interaction("QUEUED", "call-1", int(time.time() * 1000)))
    world.flush()
    wait_for("the first call", lambda: offered_now(world) == 1, scaled(40))
    port = world.http_port
    world.http_port = port + 1 if port < 65000 else port - 1
    newer = world.start(world.config("second.yaml", clock="live"), name="newer", ready=False)
    assert older.wait(scaled(40)) == 1, older.output
    assert "another process of the same instance name" in older.output, older.output
    world.wait_ready(newer, scaled(60))
    world.send(interaction("QUEUED", "call-2", int(time.time() * 1000)))
    world.flush()
    wait_for("the second call", lambda: offered_now(world) == 2, scaled(30))
    assert newer.terminate() == 0


# ---- configuration ----

SOUND = """\
contract: acme
version: 1
tenant: acme
timezone: UTC
roles:
  duty: {contact: "pager:duty"}
objectives:
  - name: voice
    metric: service_level
    within: 20s
    per: [queue]
    window: 30m
    target: at least 80%
    min_sample: 20
    outcome: lost orders
    owner: duty
"""


def expect_refusal(world, file, line, *words, contract=True):
    """check and run both refuse with status 2, and name the file, the line and the matter."""
    config = world.config() if contract else file
    done = world.floorwalker("check", "--config", config)
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert file.name in said and (line is None or f":{line}" in said), said
    for word in words:
        assert word in said, said
    run = world.floorwalker("run", "--config", config)
    assert run.returncode == 2, run.stdout + run.stderr


def line_of(text, part):
    return next(i for i, line in enumerate(text.splitlines(), 1) if part in line)


def test_a_sound_contract_passes(world):
    world.contract(SOUND)
    done = world.floorwalker("check", "--config", world.config())
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_contract_with_an_unknown_key(world):
    text = SOUND.replace("min_sample: 20", "min_smaple: 20\n    min_sample: 20")
    path = world.contract(text)
    expect_refusal(world, path, line_of(text, "min_smaple"), "min_smaple", "min_sample")


@pytest.mark.parametrize("missing", ["target", "window", "min_sample", "outcome", "owner"])
def test_a_vague_objective(world, missing):
    text = "\n".join(line for line in SOUND.splitlines() if not line.startswith(f"    {missing}:"))
    path = world.contract(text + "\n")
    expect_refusal(world, path, None, missing, "voice")


def test_two_contracts_for_one_tenant(world):
    world.contract(SOUND, "one.yaml")
    path = world.contract(SOUND.replace("contract: acme", "contract: other"), "two.yaml")
    expect_refusal(world, path, None, "acme", "one.yaml")


@pytest.mark.parametrize("broken, word", [
    ("timezone: UTC", "Mars/Olympus"), ("target: at least 80%", "at least 180%"),
    ("window: 30m", "29 minutes"), ("version: 1", "one")])
def test_a_contract_with_a_value_that_makes_no_sense(world, broken, word):
    text = SOUND.replace(broken, f"{broken.split(':')[0]}: {word}")
    path = world.contract(text)
    expect_refusal(world, path, line_of(text, word), word.split()[-1])


def test_a_configuration_with_an_unknown_key(world):
    world.contract(SOUND)
    path = world.config()
    settings = json.loads(path.read_text())
    settings["snapshot_intervall"] = "30s"
    path.write_text(json.dumps(settings, indent=2))
    line = line_of(path.read_text(), "snapshot_intervall")
    expect_refusal(world, path, line, "snapshot_intervall", "snapshot_interval", contract=False)


def test_a_file_that_is_not_yaml(world):
    path = world.contract("contract: [acme\nversion: 1\n")
    expect_refusal(world, path, None)


def test_bad_usage(world):
    assert world.floorwalker("run").returncode == 2
    assert world.floorwalker("fly").returncode == 2
    done = world.floorwalker("run", "--config", world.folder / "missing.yaml")
    assert done.returncode == 2 and "missing.yaml" in done.stdout + done.stderr
