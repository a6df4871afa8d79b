"""Forecasts of a queue through Kafka: how good they were, by a recount, and what is told of it."""

import random

import pytest

from harness import REPLAY_TOPIC
from records import Writer, interaction

pytestmark = pytest.mark.timeout(240)

START = 1_767_571_200_000        # a full hour
QUARTER_MS = 900_000
DAY_MS = 86_400_000
CONTRACT = {
    "contract": "acme", "version": 1, "tenant": "acme", "timezone": "UTC",
    "objectives": [{"name": "80-20", "metric": "service_level", "within": "20s",
                    "when": {"channel": ["voice"]}, "per": ["queue"], "window": "30m",
                    "target": "at least 80%", "min_sample": 20, "owner": "duty",
                    "outcome": "callers give up"}],
    "demand": [{"name": "demand", "per": ["queue"], "min_excess": 10}],
    "roles": {"duty": {"contact": "pager:duty"}},
}
CAME = [30, 34, 28, 31, 33, 29, 32, 30, 31, 90, 33, 30]


def forecasts():
    """(quarter, days before it, volume): a week's and a day's version, and the last one."""
    dice = random.Random(5)
    return [(n, days, 30 + dice.randrange(-20, 21) / 4)
            for n in range(len(CAME)) for days in (8, 2, 0)]


def send(world):
    write = Writer(world.registry, "ForecastInterval")
    for n, days, volume in forecasts():
        start = START + n * QUARTER_MS
        record = {"event_id": f"{n}/{days}", "tenant_id": "acme", "site_id": "krakow",
                  "event_at": start - days * DAY_MS - 60_000, "forecast_id": "wfm",
                  "version": 9 - days, "published_at": start - days * DAY_MS - 60_000,
                  "queue_id": "support", "channel": "VOICE", "interval_start_at": start,
                  "interval_ms": QUARTER_MS, "volume": volume, "aht_ms": 240_000,
                  "required_fte": 3.0}
        world.send_raw(write(record), b"acme", START - 1000, topic="tenants")
    world.send_raw(write({**record, "interval_ms": 7}), b"acme", START - 1000, topic="tenants")
    for n, came in enumerate(CAME):
        for k in range(came):
            at = START + n * QUARTER_MS + k * QUARTER_MS // came
            world.send(interaction("QUEUED", f"i{n}-{k}", at), at)
            for kind, after in (("ANSWERED", 5_000), ("DISCONNECTED", 125_000)):
                world.send(interaction(kind, f"i{n}-{k}", at + after, agent_id="a"), at + after)
    world.flush()


def accuracy(hour, days):
    """By what was known so many days before: (error, bias, came)."""
    error = bias = came = 0
    for n in range(4 * hour, 4 * hour + 4):
        volume = next(v for m, d, v in forecasts() if m == n and d == days)
        error += abs(volume - CAME[n])
        bias += volume - CAME[n]
        came += CAME[n]
    return error, bias, came


def test_forecasts_are_measured_and_their_misses_told(world):
    world.create(settings=REPLAY_TOPIC)
    world.create("tenants", settings=REPLAY_TOPIC)
    world.contract(CONTRACT)
    send(world)
    world.replay(world.config())
    names = {f"forecast_{what}{lead}" for what in ("wape", "bias")
             for lead in ("", ".lead_1d", ".lead_7d")}
    figures = world.kpis("1h", names, {("queue",), ("site", "queue")})
    for hour in range(3):
        for scope in ((("queue", "support"),), (("site", "krakow"), ("queue", "support"))):
            told = figures[scope, START + hour * 3_600_000]
            for lead, days in (("", 0), (".lead_1d", 2), (".lead_7d", 8)):
                error, bias, came = accuracy(hour, days)
                assert told["forecast_wape" + lead][0] == pytest.approx(error / came), (hour, lead)
                assert told["forecast_bias" + lead][0] == pytest.approx(bias / came), (hour, lead)
                assert told["forecast_wape" + lead][2] == came
    assert [(d["topic"].endswith("tenants"), d["reason"]) for d in world.dead_letters()] == [
        (True, "INVALID")]
    told = {a["kind"]: a for a in world.alerts(topic="alerts.demand") if a["seq"] == 1}
    miss, gap = told["FORECAST_MISS"], told["STAFFING_GAP"]
    assert (miss["observed"], miss["window_end_at"]) == (90, START + 10 * QUARTER_MS)
    assert miss["site_id"] == "krakow" and miss["unit"] == "COUNT"
    assert (gap["rule"], gap["baseline"], gap["unit"]) == ("80-20", 3.0, "FTE")
    assert gap["threshold"] > gap["low"] > 3 and "are needed in queue support" in gap["summary"]
