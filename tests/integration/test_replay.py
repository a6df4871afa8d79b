"""Simulated sites with every trouble a feed can have, against the oracle, metric by metric."""

import json

import pytest

import oracle
from harness import scaled

pytestmark = pytest.mark.timeout(600)

CONTRACT = {"contract": "acme", "version": 1, "tenant": "acme", "timezone": "UTC",
            "short_abandon": "5s"}
MINUTE_MS = 60_000
# Without an objective the plain figure is that of the default variant; arrival has no items.
SKIPPED = {"arrival." + name for name in ("reopened", "first_reply_ms", "resolution_ms",
                                          "reopen_rate")}

NOISES = {
    "clean": ([], {}),
    "twice": (["--duplicates", "1"], {}),
    "disorder": (["--shuffle", "60s", "--late", "0.02:2m"], {}),
    "outage": (["--outage", "krakow:10m:14m"], {}),
}


def read_back(world):
    """What floorsim sent, by the oracle's own reading."""
    return [world.registry.decode(value) for _, value, _, _ in world.raw(world.topic())]


def expect_windows(world, history, window, length_ms):
    expected = oracle.windows(history, length_ms, short_ms=5_000)
    found = world.kpis(window)
    wrong = []
    for key, figures in expected.items():
        told = found.get(key, {})
        for metric, figure in figures.items():
            if metric in SKIPPED or metric.startswith("arrival.service_level"):
                continue
            got = told.get(metric, (None, None, None))
            if not same(figure, got):
                wrong.append((key, metric, figure, got))
    assert wrong == [], f"{len(wrong)} differ, of {len(expected)} windows: {wrong[:10]}"


def same(expected, got):
    value, n, d = expected
    if n is None:
        return (got[0] or 0) == value
    if d == 0:
        return got[0] is None
    return got[0] == pytest.approx(value, rel=1e-9) and (got[1], got[2]) == (n, d)


@pytest.mark.parametrize("noise", NOISES)
def test_windows_equal_the_recount(world, noise):
    arguments, settings = NOISES[noise]
    world.floorsim("--events", 15_000, "--rate", 12, "--profile", "flat", "--aht", 120, "--load",
                   1.0, "--patience", 90, "--reply", 600, "--resolve", 1800, "--drain",
                   "--partitions", 3, "--seed", 5, *arguments)
    world.contract(CONTRACT)
    world.replay(world.config(kafka={"topics": {"partitions": 3, "replication": 1}}, **settings),
                 timeout_s=scaled(300))
    history = oracle.recount(read_back(world))
    for window, minutes in (("15m", 15), ("1h", 60)):
        expect_windows(world, history, window, minutes * MINUTE_MS)
    assert world.dead_letters() == []


def test_quantiles_are_near(world):
    world.floorsim("--events", 15_000, "--rate", 25, "--profile", "flat", "--load", 1.05,
                   "--channels", "voice", "--drain", "--partitions", 2)
    world.contract(CONTRACT)
    world.replay(world.config(kafka={"topics": {"partitions": 2, "replication": 1}}))
    history = oracle.recount(read_back(world))
    waits = {}
    for visit in history.visits:
        if visit.how == "answered":
            start = visit.ended_at - visit.ended_at % (60 * MINUTE_MS)
            waits.setdefault(start, []).append(visit.wait_ms)
    found = world.kpis("1h", {"wait_p50_ms", "wait_p90_ms", "wait_p95_ms"}, {()})
    checked = 0
    for start, those in waits.items():
        those.sort()
        for name, q in (("wait_p50_ms", 0.5), ("wait_p90_ms", 0.9), ("wait_p95_ms", 0.95)):
            if len(those) < 200:
                continue
            around = those[int(q * len(those) * 0.98)], those[min(len(those) - 1,
                                                                  int(q * len(those) * 1.02) + 1)]
            got = found[(), start][name][0]
            assert around[0] * 0.93 <= got <= around[1] * 1.07, (start, name, got, around)
            checked += 1
    assert checked > 0


def test_two_tenants_keep_apart(world):
    world.floorsim("--events", 8_000, "--rate", 20, "--tenants", 2, "--sites", 1, "--drain",
                   "--channels", "voice", "--truth", world.folder / "truth")
    world.contract({**CONTRACT, "tenant": "acme-1"}, "one.yaml")
    world.contract({**CONTRACT, "tenant": "acme-2", "contract": "other"}, "two.yaml")
    world.replay(world.config(kafka={"topics": {"partitions": 8, "replication": 1}}))
    offered = {}
    for line in (world.folder / "truth").read_text().splitlines():
        visit = json.loads(line)
        if visit["kind"] == "visit":
            offered[visit["tenant"]] = offered.get(visit["tenant"], 0) + 1
    told = {}
    newest = {}
    for record in world.records("kpis"):
        if record["window"] == "1h" and record["metric"] == "offered" and not any(
                record[f] for f in ("vendor_id", "site_id", "queue_id", "channel")):
            newest[record["tenant_id"], record["window_start_at"], record["revision"]] = record
    last = {}
    for (tenant, start, revision), record in sorted(newest.items()):
        last[tenant, start] = record["value"]
    for (tenant, _), value in last.items():
        told[tenant] = told.get(tenant, 0) + int(value)
    assert told == offered and len(told) == 2
