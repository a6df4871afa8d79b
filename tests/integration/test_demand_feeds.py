"""A feed that is replayed or catches up is no demand: a backtest over containers with log times.

Each site has a story of its own, in one run: two weeks as ever, and then a morning on which one
thing is different. Where contacts counted when they came, or silence were taken for calm, the same
would be told; two sites show that it is, when it is so.
"""

import random

import pytest

from backtests import Bench, event_schema, of
from records import interaction

SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
MONDAY = 1_767_571_200_000  # 2026-01-05T00:00Z
TODAY = MONDAY + 15 * DAY_MS
OPEN = (7 * HOUR_MS, 13 * HOUR_MS)
NINE, TEN, UNTIL = (TODAY + hour * HOUR_MS for hour in (9, 10, 13))
CONTRACT = {
    "contract": "trial", "version": 1, "tenant": "acme", "timezone": "Etc/UTC",
    "feeds": {"silent_after": "20m"},
    "demand": [{"name": "queues", "per": ["site", "queue"], "windows": ["5m", "15m", "1h"],
                "false_alarms": "1 per day", "min_excess": 10}]}


def calls(site, from_at, to_at, queue="support"):
    """One a minute, by chance: QUEUED and ABANDONED, as (log time, event)."""
    rng = random.Random(f"{site} {queue} {from_at}")
    at = from_at
    while (at := at + round(rng.expovariate(1 / MINUTE_MS))) < to_at:
        for kind, later in (("QUEUED", 0), ("ABANDONED", 5 * SECOND_MS)):
            yield at + later, interaction(kind, f"{site}-{queue}-{at}", at + later, site_id=site,
                                          queue_id=queue)


def a_day(site, day_at):
    return list(calls(site, day_at + OPEN[0], day_at + OPEN[1]))


def squeezed(sent, from_at, to_at):
    """The same events in their order, within this log time."""
    sent = sorted(sent, key=lambda e: e[0])
    first, last = sent[0][0], sent[-1][0]
    return [(from_at + (at - first) * (to_at - from_at) // (last - first), event)
            for at, event in sent]


def renamed(event):
    """As another program exports it, which has ids of its own."""
    return {**event, "event_id": "again " + event["event_id"],
            "interaction_id": "again " + event["interaction_id"]}


def hour(today):
    """All but what came from nine to ten, and that."""
    held = [e for e in today if NINE <= e[0] < TEN]
    return [e for e in today if not NINE <= e[0] < TEN], held


# ---- stories: (past, today) -> what is sent today ----

def yesterday_again(past, today):
    return today + squeezed([e for e in past if e[0] >= TODAY - DAY_MS], NINE, NINE + HOUR_MS // 2)


def yesterday_with_other_ids(past, today):
    """Counted, each in its minute of yesterday; before nine it was too late."""
    again = [(at, renamed(event)) for at, event in past if at >= TODAY - DAY_MS]
    return today + squeezed(again, NINE, NINE + HOUR_MS // 2)


def all_from_the_start(past, today):
    return today + squeezed(past, NINE, TEN)


def caught_up_at_once(_, today):
    rest, held = hour(today)
    return rest + squeezed(held, TEN, TEN + MINUTE_MS)


def caught_up_in_half_an_hour(_, today):
    """In order: what is new waits behind what is old."""
    rest, held = hour(today)
    held += [e for e in rest if TEN <= e[0] < TEN + HOUR_MS // 2]
    rest = [e for e in rest if not TEN <= e[0] < TEN + HOUR_MS // 2]
    return rest + squeezed(held, TEN, TEN + HOUR_MS // 2)


def called_late(_, today):
    """As those who caught up, but what comes late happened then."""
    rest, held = hour(today)
    late = squeezed(held, TEN, TEN + HOUR_MS // 2)
    return rest + [(at, {**event, "event_at": at}) for at, event in late]


def called_elsewhere(_, today):
    """Nobody calls for an hour; the site speaks of another queue."""
    return hour(today)[0] + list(calls("called_elsewhere", TODAY + OPEN[0], UNTIL, "billing"))


QUIET = [yesterday_again, yesterday_with_other_ids, all_from_the_start, caught_up_at_once,
         caught_up_in_half_an_hour]
STORIES = QUIET + [called_late, called_elsewhere]


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    sent = []
    for story in STORIES:
        site = story.__name__
        past = [e for day in range(15) for e in a_day(site, MONDAY + day * DAY_MS)]
        sent += past + story(past, a_day(site, TODAY))
    records = [{"log_at": at, **event} for at, event in sorted(sent, key=lambda e: e[0])]
    bench = Bench(tmp_path_factory.mktemp("feeds"))
    bench.contracts("ours", CONTRACT)
    bench.container("all.avro", records, event_schema(log_times=True))
    return bench.lines("--contracts", "ours", "--avro", "all.avro", "--episodes")


def told(lines, story):
    """(kind, scope) of all that is told of a site this morning."""
    site = f"site={story.__name__}"
    return sorted((e["kind"], e["scope"].removeprefix(site)) for e in of(lines, "episode")
                  if e["scope"].startswith(site) and TODAY + OPEN[0] <= e["condition_at"] < UNTIL)


@pytest.mark.parametrize("story", QUIET[:3])
def test_a_replay_is_no_demand(lines, story):
    """What is too old is refused, and of that the site is told."""
    assert told(lines, story) == [("data_quality", "")]


@pytest.mark.parametrize("story", QUIET[3:])
def test_a_feed_that_catches_up_is_silent_and_no_demand(lines, story):
    assert told(lines, story) == [("feed_silent", "")]


def test_the_same_calls_made_late_are_a_spike(lines):
    assert ("demand_spike", "/queue=support") in told(lines, called_late)


def test_no_calls_where_the_site_speaks_are_a_drop(lines):
    assert told(lines, called_elsewhere) == [("demand_drop", "/queue=support")]


def test_what_was_sent_again_was_read(lines):
    """Or the replays above show nothing."""
    refused, = of(lines, "refused")
    assert refused["reason"] == "too_late" and refused["events"] > 10_000
    read, = of(lines, "input")
    assert read["events"] > 10_000 + 7 * 16 * 600
