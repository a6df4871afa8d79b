"""The simulated sites: what they send is what they say happened. Needs no processor."""

import json
import subprocess
from collections import Counter

import pytest

import oracle

def told(path):
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [x for x in lines if x["kind"] != "total"], lines[-1]


def sent(world):
    """What is on the topic and can be read, as (time stamp, dict)."""
    return [(at, event) for _, at, event in sent_where(world)]


def sent_where(world):
    out = []
    for key, value, partition, at in world.raw(world.topic()):
        try:
            event = world.registry.decode(value)
        except Exception:  # bad on purpose
            continue
        if key == event["interaction_id"].encode() and key and (event["talk_ms"] or 0) >= 0:
            out.append((partition, at, event))
    return out


def test_the_same_seed_prints_the_same_events(feed):
    def run(seed):
        return subprocess.run([feed.floorsim, "--print", "--events", "3000", "--rate", "50",
                               "--duplicates", "0.1", "--shuffle", "30s", "--seed", seed],
                              capture_output=True, check=True, timeout=60).stdout
    assert run("7") == run("7")
    assert run("7") != run("8")


@pytest.mark.parametrize("noise", [
    [], ["--duplicates", "0.3", "--shuffle", "60s", "--late", "0.05:5m", "--bad", "0.02"]],
    ids=["clean", "noisy"])
def test_the_recount_of_what_was_sent_equals_the_truth(feed_world, noise):
    path = feed_world.folder / "truth.jsonl"
    feed_world.floorsim("--events", 20_000, "--rate", 50, "--aht", 60, "--patience", 60,
                        "--load", 1.05, "--reply", 300, "--resolve", 900, "--drain",
                        "--truth", path, *noise)
    lines, total = told(path)
    events = [e for _, e in sent(feed_world) if "x" not in e["interaction_id"]]
    history = oracle.recount(events)
    assert len(events) == total["events"] + total["duplicates"]
    assert history.duplicates == total["duplicates"]
    assert [item.impossible for item in history.items if item.impossible] == []
    assert Counter(v.how for v in history.visits) == Counter(
        x["how"] for x in lines if x["kind"] == "visit")
    assert len(history.visits) == total["offered"]
    assert sum(v.wait_ms for v in history.visits if v.how == "answered") == total["wait_ms"]
    assert sum(leg.handle_ms for leg in history.legs) == total["handle_ms"]
    assert sum(len(item.resolutions) for item in history.items) == total["resolved"]
    told_legs = sorted((x["answered_at"], x["talk_ms"], x["hold_ms"], x["wrap_ms"])
                       for x in lines if x["kind"] == "leg")
    assert told_legs == sorted((leg.answered_at, leg.talk_ms, leg.hold_ms, leg.wrap_ms)
                               for leg in history.legs)


def test_keys_can_lean_to_one_partition_and_the_truth_says_the_same_ids(feed_world):
    path = feed_world.folder / "truth.jsonl"
    feed_world.floorsim("--events", 20_000, "--rate", 50, "--aht", 60, "--lean", 0.5, "--drain",
                        "--truth", path)
    lines, _ = told(path)
    events = sent_where(feed_world)
    partitions = {partition for partition, _, _ in events}
    share = sum(partition == 0 for partition, _, _ in events) / len(events)
    expected = 0.5 + 0.5 / len(partitions)  # the leaning half, and its share of the others
    assert len(partitions) > 1 and abs(share - expected) < 0.05
    assert {e["interaction_id"] for _, _, e in events} == {
        x["interaction_id"] for x in lines if x["kind"] == "interaction"}


def test_the_totals_alone_are_the_last_line_of_the_truth(feed_world):
    whole, alone = feed_world.folder / "whole.jsonl", feed_world.folder / "alone.jsonl"
    feed_world.floorsim("--events", 5000, "--rate", 50, "--truth", whole)
    feed_world.floorsim("--events", 5000, "--rate", 50, "--truth", alone, "--totals")
    assert alone.read_text().splitlines() == whole.read_text().splitlines()[-1:]


def test_an_outage_sends_nothing_and_then_catches_up(feed_world):
    feed_world.floorsim("--events", 6000, "--rate", 50, "--profile", "flat", "--start", "1000000",
                        "--outage", "krakow:20s:60s")
    krakow = [(at, e["event_at"]) for at, e in sent(feed_world) if e["site_id"] == "krakow"]
    assert not [at for at, _ in krakow if 1_020_000 <= at < 1_060_000]
    assert [at for at, happened in krakow if 1_020_000 <= happened < 1_060_000]
    assert all(1_060_000 <= at <= 1_062_000 for at, happened in krakow
               if 1_020_000 <= happened < 1_060_000)


def test_a_burst_multiplies_arrivals(feed_world):
    feed_world.floorsim("--duration", "120s", "--rate", 100, "--profile", "flat", "--start",
                        "1000000", "--burst", "krakow:support:5:60s:120s")
    queued = Counter(e["event_at"] // 60_000 - 1_000_000 // 60_000 for _, e in sent(feed_world)
                     if e["type"] == "QUEUED" and e["site_id"] == "krakow"
                     and e["queue_id"] == "support" and e["initiation"] == "CUSTOMER")
    early = sum(n for minute, n in queued.items() if minute < 1)
    late = sum(n for minute, n in queued.items() if minute >= 1)
    assert late > 2.5 * early > 0
