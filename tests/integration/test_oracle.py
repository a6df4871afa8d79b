"""The oracle itself against figures that were made by others: it needs no processor."""

import pytest

import bank
import oracle

needs_bank = pytest.mark.skipif(
    not bank.available(), reason=f"the calls of the Anonymous Bank are not in {bank.FOLDER}")


def call(number, queued_at, ended_at, how, served_ms=None, **fields):
    """The events of one call."""
    base = {"tenant_id": "t", "vendor_id": "v", "site_id": "s", "queue_id": "q",
            "channel": "VOICE", "direction": "INBOUND", "priority": "NORMAL", "source": "x",
            "interaction_id": f"i{number}", **fields}
    out = [{**base, "event_id": f"{number}.1", "type": "QUEUED", "event_at": queued_at},
           {**base, "event_id": f"{number}.2", "type": how, "event_at": ended_at}]
    if served_ms is not None:
        out.append({**base, "event_id": f"{number}.3", "type": "DISCONNECTED",
                    "event_at": ended_at + served_ms})
    return out


def by_queue(figures):
    return {((dict(view).get("queue")), start): metrics
            for (view, start), metrics in figures.items()}


@needs_bank
def test_half_hours_of_january_equal_the_truth_file():
    history = oracle.recount(bank.events())
    figures = oracle.windows(history, bank.HALF_HOUR_MS, views=((), ("queue",)))
    assert bank.disagreements(bank.truth(), by_queue(figures)) == []


@needs_bank
def test_duplicates_and_disorder_change_nothing():
    events = bank.events(first_week=True)
    views = ((), ("queue",))
    straight = oracle.windows(oracle.recount(events), bank.HALF_HOUR_MS, views=views)
    twice = oracle.windows(oracle.recount(events[::-1] + events), bank.HALF_HOUR_MS, views=views)
    assert straight == twice


def test_service_level_variants_of_a_worked_example():
    """Cisco's example: 70 in time, 10 gave up in time, 20 passed the threshold."""
    events, n = [], 0
    for count, wait_s, how in ((70, 5, "ANSWERED"), (10, 5, "ABANDONED"), (12, 30, "ANSWERED"),
                               (8, 30, "ABANDONED")):
        for _ in range(count):
            n += 1
            events += call(n, 1_000_000, 1_000_000 + wait_s * 1000, how)
    figures = oracle.windows(oracle.recount(events), 86_400_000, views=((),))
    got = next(iter(figures.values()))
    assert got["service_level.answered_of_offered"][1:] == (70, 100)
    assert got["service_level.abandon_ignored"][1:] == (70, 90)
    assert got["service_level.abandon_positive"][1:] == (80, 100)
    assert got["service_level.removed_within"][1:] == (80, 100)
    assert got["service_level.answered_only"][1:] == (70, 82)


def test_a_wait_of_exactly_the_threshold_is_in_time():
    events = call(1, 0, 20_000, "ANSWERED") + call(2, 0, 20_001, "ANSWERED")
    got = oracle.windows(oracle.recount(events), 86_400_000, views=((),))[(), 0]
    assert got["service_level"][1:] == (1, 2)


def test_an_objective_fires_resolves_and_expires():
    """Ten good calls, ten late ones, then silence; window 1m, judged every 10 s."""
    events = []
    for i in range(10):
        events += call(i, i * 1000, i * 1000, "ANSWERED")
    for i in range(10, 20):
        events += call(i, i * 1000, i * 1000 + 60_000, "ANSWERED")
    objective = oracle.Objective(per=("queue",), window_ms=60_000, target=(4, 5), min_sample=5)
    got = oracle.episodes(oracle.recount(events), objective)
    # The late ones count at 30 s to 39 s: at step 40 s it is 10 of 20; the last leaves at 100 s.
    assert [(e.condition_at, e.resolved_at, e.how) for e in got] == [(40_000, 160_000, "EXPIRED")]
    assert (got[0].numerator, got[0].denominator) == (10, 20)


def test_a_period_ends_its_episode():
    """Days of 1000 s, judged every 300 s: the first ends between two steps, the last at one."""
    figures = [(t, 5, 10) for t in range(300_000, 3_900_000, 300_000)]
    objective = oracle.Objective(per=(), window_ms=0, target=(4, 5), hold_ms=300_000,
                                 start_of=lambda at: at - at % 1_000_000)
    got = oracle.judge(figures, (), objective)
    assert [(e.opened_at, e.condition_at, e.resolved_at) for e in got] == [
        (300_000, 600_000, 1_000_000), (1_200_000, 1_500_000, 2_000_000),
        (2_100_000, 2_400_000, 3_000_000), (3_300_000, 3_600_000, None)]


def test_hold_delays_and_restarts():
    figures = [(t * 10_000, n, 10) for t, n in enumerate([5, 5, 9, 5, 5, 5, 5, 9])]
    objective = oracle.Objective(per=(), window_ms=60_000, target=(4, 5), hold_ms=20_000)
    got = oracle.judge(figures, (), objective)
    assert [(e.opened_at, e.condition_at, e.resolved_at) for e in got] == [(30_000, 50_000, 70_000)]
