"""`floorwalker backtest`: what it says of past events equals a recount that shares no code with it,
and what `floorwalker run` said of the same events with `clock: log`."""

import random
from collections import defaultdict
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

import bank
import journeys
import lookback
import oracle
from backtests import Bench, event_schema, of, scope_text
from records import interaction

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
ZONE = "Asia/Jerusalem"
bank_calls = pytest.mark.skipif(not bank.available(),
                                reason=f"the calls of the Anonymous Bank are not in {bank.FOLDER}")


def contract(*objectives, **more):
    return {"contract": "bank-service", "version": 1, "tenant": "bank", "timezone": ZONE,
            "roles": {"duty": {"contact": "pager:bank-duty"}}, "objectives": list(objectives),
            **more}


def objective(name, metric, **more):
    return {"name": name, "metric": metric, "severity": "major", "owner": "duty",
            "outcome": "callers who give up do their banking elsewhere", **more}


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


# ---- against the oracle ----

RULES = {
    "ours": ("eighty-twenty", lookback.Rule("service_level", ("queue",), 30 * MINUTE_MS, (4, 5),
                                            min_sample=20)),
    "theirs": ("seventy-thirty", lookback.Rule("service_level", ("channel",), 15 * MINUTE_MS,
                                               (7, 10), within_ms=30_000, min_sample=10,
                                               variant="removed_within", hold_ms=5 * MINUTE_MS)),
    "a-mean": ("minute", lookback.Rule("asa_ms", (), HOUR_MS, (60_000, 1), at_least=False,
                                       min_sample=5, hold_ms=2 * MINUTE_MS)),
}


def agreement_of(name, rule):
    window = "1h" if rule.window_ms == HOUR_MS else f"{rule.window_ms // MINUTE_MS}m"
    fields = {"per": list(rule.per), "window": window,
              "min_sample": rule.min_sample, "hold": f"{rule.hold_ms}ms"}
    if rule.metric.endswith("service_level"):
        fields |= {"variant": rule.variant, "within": f"{rule.within_ms}ms"}
    bound = "at least" if rule.at_least else "at most"
    unit = "s" if rule.metric == "asa_ms" else "%"
    scale = 1000 if rule.metric == "asa_ms" else 0.01
    target = f"{bound} {round(rule.target[0] / rule.target[1] / scale)}{unit}"
    return contract(objective(name, rule.metric, target=target, **fields))


def expect_figures(lines, folder, rule, history):
    expected = {(scope_text(scope), period): tuple(sums)
                for scope, periods in lookback.figures(history, rule, ZONE).items()
                for period, sums in periods.items()}
    found = {(line["scope"], line.get("period_date", "all")):
             (line["numerator"], line["denominator"])
             for line in of(lines, "objective", contracts=folder)
             + of(lines, "period", contracts=folder)}
    assert found == expected
    assert len(expected) > 30


def expect_steps(lines, folder, rule, history):
    worst = None
    for scope, walk in lookback.steps(history, rule).items():
        line, = of(lines, "objective", contracts=folder, scope=scope_text(scope))
        assert (line["steps"], line["steps_missed"]) == lookback.judged(walk, rule)
        tightest = lookback.tightest(walk, rule)
        assert line.get("tightest") == tightest
        if tightest is not None:
            found = [tightest] + ([] if worst is None else [worst])
            worst = min(found) if rule.at_least else max(found)
    whole, = of(lines, "rule", contracts=folder)
    assert whole["tightest"] == worst


def expect_episodes(lines, folder, rule, history):
    expected = sorted((scope_text(scope), e.opened_at, e.condition_at, e.resolved_at, e.how.lower())
                      for scope, walk in lookback.steps(history, rule).items()
                      for e in lookback.episodes(walk, scope, rule))
    told = of(lines, "episode", contracts=folder, kind="objective_breach")
    found = sorted((e["scope"], e["opened_at"], e["condition_at"], e["resolved_at"], e["ended"])
                   for e in told)
    assert found == expected
    assert len(expected) > 20
    line, = of(lines, "alerts", contracts=folder, kind="objective_breach")
    lengths = [end - begin for _, begin, _, end, _ in expected]
    assert (line["fired"], line["total_ms"], line["longest_ms"]) == (
        len(expected), sum(lengths), max(lengths))
    for how in ("resolved", "expired", "voided"):
        assert line[how] == sum(e[4] == how for e in expected)
    assert line["open"] == 0


@bank_calls
def test_three_contracts_on_the_calls_of_january(bench):
    events = bank.events()
    history = oracle.recount(events)
    file = bench.container("january.avro", events, codec="deflate")
    folders = [bench.contracts(folder, agreement_of(*rule)) for folder, rule in RULES.items()]
    lines = bench.lines("--contracts", *folders, "--avro", file, "--episodes")
    assert of(lines, "input")[0]["events"] == len(events)
    assert not of(lines, "refused") and not of(lines, "left_out")
    for folder, (_, rule) in RULES.items():
        expect_figures(lines, folder, rule, history)
        expect_steps(lines, folder, rule, history)
        expect_episodes(lines, folder, rule, history)


@bank_calls
def test_the_tightest_target_is_the_last_that_holds(bench):
    """The command's own word against itself: with that target nothing fires, above it it does."""
    file = bench.container("week.avro", bank.events(first_week=True))

    def fired(folder, target):
        agreement = contract(objective("level", "service_level", within="20s", window="1h", per=[],
                                       min_sample=20, hold="10m", target=f"at least {target}"))
        lines = bench.lines("--contracts", bench.contracts(folder, agreement), "--avro", file)
        return sum(a["fired"] for a in of(lines, "alerts", rule="level")), lines

    count, lines = fired("first", "80%")
    assert count > 0
    tightest = of(lines, "rule")[0]["tightest"]
    assert 0 < tightest < 0.8
    assert fired("held", f"{tightest * 100 - 1e-9:.9f}%")[0] == 0
    assert fired("beyond", f"{tightest * 100 + 1e-6:.9f}%")[0] > 0


def _calls_with_records(rng, begin):
    """(log time, event): calls, and what their source says of them afterwards, in up to three
    revisions, up to 50 minutes late and in any order."""
    for number in range(400):
        name, at = f"call-{number}", begin + rng.randrange(20 * 24 * 3600) * 1000
        how = rng.choice(["ABANDONED", "FLOW_OUT", "ANSWERED", "ANSWERED", "ANSWERED"])
        queue = rng.choice(["cards", "loans"])
        more = {"tenant_id": "bank", "queue_id": queue}
        ended_at = at + rng.randrange(1, 60) * 1000
        yield at, interaction("QUEUED", name, at, **more)
        yield ended_at, interaction(how, name, ended_at, **more)
        if how == "ANSWERED":
            ended_at += rng.randrange(1, 200) * 1000
            yield ended_at, interaction("DISCONNECTED", name, ended_at, **more)
        for revision in rng.sample([0, 1, 2], rng.randrange(4)):
            record = interaction("RECORD_SNAPSHOT", name, ended_at + revision * 1000, **more,
                                 queue_wait_ms=rng.randrange(60_000), revision=revision,
                                 end_cause=rng.choice(["UNKNOWN", "CUSTOMER", "TIMEOUT"]))
            record["event_id"] = f"{name}/record"
            yield ended_at + 2000 + rng.randrange(50 * MINUTE_MS), record


def test_records_and_their_revisions_restate_what_was_counted(bench):
    """Figures are those of the newest record of each call, whatever the order of their coming."""
    seed = 20261123
    logged = sorted(_calls_with_records(random.Random(seed), 1_764_500_400_000),
                    key=lambda pair: pair[0])
    events = [event for _, event in logged]
    file = bench.container("calls.avro", [{"log_at": at} | event for at, event in logged],
                           event_schema(log_times=True))
    history = oracle.recount(events)
    rules = {"levels": lookback.Rule("service_level", ("queue",), 30 * MINUTE_MS, (4, 5),
                                     min_sample=1),
             "waits": lookback.Rule("asa_ms", ("queue",), HOUR_MS, (30_000, 1), at_least=False,
                                   min_sample=1)}
    folders = [bench.contracts(name, agreement_of(name, rule)) for name, rule in rules.items()]
    lines = bench.lines("--contracts", *folders, "--avro", file)
    assert not of(lines, "refused")
    for name, rule in rules.items():
        expect_figures(lines, name, rule, history)
    plain = oracle.recount([e for e in events if e["type"] != "RECORD_SNAPSHOT"])
    assert lookback.figures(plain, rules["waits"], ZONE) != lookback.figures(
        history, rules["waits"], ZONE), f"seed {seed}: the records say nothing"

# ---- what meets ----

def _passed_on(rng, begin):
    """(log time, event): people who are transferred, call back, are called back after hours or
    days, and change to chats, of which an agent has several; news come up to 40 minutes late."""
    for number in range(260):
        at = begin + rng.randrange(9 * 24 * 3600) * 1000
        for part in range(rng.choice([1, 1, 2, 3, 4])):
            name = f"{number}.{part}"
            chat = rng.random() < 0.5
            more = {"tenant_id": "bank", "queue_id": rng.choice(["cards", "loans"]),
                    "channel": "CHAT" if chat else "VOICE",
                    "journey_id": f"journey-{number}" if number % 5 else None}
            late_ms = rng.choice([0, 0, 0, rng.randrange(40 * MINUTE_MS)])

            def say(kind, **fields):
                return at + late_ms, interaction(kind, name, at, **more, **fields)

            ticket = rng.random() < 0.3
            if ticket:
                yield say("CREATED")
            while True:
                yield say("QUEUED")
                at += rng.randrange(1, 90) * 1000
                if rng.random() < 0.2:
                    yield say("ABANDONED")
                    break
                yield say("ANSWERED", agent_id=f"agent-{rng.randrange(3)}")
                at += rng.randrange(1, 1500 if chat else 300) * 1000
                transferred = rng.random() < 0.3
                yield say("TRANSFERRED" if transferred else "DISCONNECTED")
                if not transferred:
                    break
            if ticket:
                at += rng.randrange(3600) * 1000
                yield say(rng.choice(["RESOLVED", "CLOSED"]))
            at += rng.choice([1, 60, 3600, 20 * 3600, 27 * 3600]) * 1000


def test_who_is_passed_on_is_one_journey(bench):
    """Waits, handle times, transfers and resolutions of journeys, and efforts of chats, by day."""
    seed = 20261124
    logged = sorted(_passed_on(random.Random(seed), 1_764_500_400_000), key=lambda pair: pair[0])
    events = [event for _, event in logged]
    file = bench.container("passed.avro", [{"log_at": at} | event for at, event in logged],
                           event_schema(log_times=True))
    history = oracle.recount(events)
    expected = defaultdict(lambda: [0, 0])
    for scope, at, figures in [*journeys.journeys(history, events),
                               *journeys.efforts(history, events)]:
        day = datetime.fromtimestamp(at / 1000, ZoneInfo(ZONE)).strftime("%Y-%m-%d")
        for metric, (n, d) in figures.items():
            sums = expected[metric, scope["queue"], day]
            sums[0], sums[1] = sums[0] + n, sums[1] + d
    metrics = {metric for metric, _, _ in expected}
    folder = bench.contracts("meets", contract(*(
        objective(metric, metric, per=["queue"], window="1h", min_sample=1,
                  target="at most 50%" if metric.endswith("rate") else
                  "at most 3" if metric == "concurrency" else "at most 60s")
        for metric in sorted(metrics))))
    lines = bench.lines("--contracts", folder, "--avro", file)
    assert not of(lines, "refused") and not of(lines, "left_out")
    found = {(line["rule"], line["scope"].removeprefix("queue="), line["period_date"]):
             (line["numerator"], line["denominator"])
             for line in of(lines, "period", period="day") if line["denominator"]}
    assert len(metrics) == 6 and len(expected) > 100, f"seed {seed}"
    wrong = {key: (found.get(key), sums) for key, sums in expected.items() if sums[1]
             # Efforts are whole milliseconds for each stretch of time: what is left goes to one.
             if key not in found or any(abs(a - b) > (200 if key[0] in ("effort_ms", "concurrency")
                                                      else 0)
                                        for a, b in zip(found[key], sums))}
    assert not wrong, f"seed {seed}"
    assert {key for key, sums in expected.items() if sums[1]} == set(found)


def lost(queued_at, ended_at, how):
    """(when it is known, whether it counts) of abandon_rate."""
    return ended_at, how == "ABANDONED"


def in_time(queued_at, ended_at, how, within_ms=300_000):
    """Of service_level.answered_of_offered."""
    return (min(ended_at, queued_at + within_ms),
            how == "ANSWERED" and ended_at - queued_at <= within_ms)


def known_at(visits, judge, step_at, window_ms):
    """(what counts, what is known) of the visits of a window, as far as it had come by then."""
    told = [judge(*visit) for visit in visits if step_at - window_ms <= visit[0] < step_at]
    known = [counts for known_at, counts in told if known_at <= step_at]
    return sum(known), len(known)


@pytest.mark.parametrize("metric, judge, at_least", [
    ("abandon_rate", lost, False), ("arrival.service_level", in_time, True)])
def test_a_step_is_judged_with_what_had_come_by_then(bench, metric, judge, at_least):
    """What counts in the pane of QUEUED is known later."""
    rng, begin = random.Random(20261123), 1_764_500_400_000
    visits, events = [], []
    for number in range(150):
        queued_at = begin + rng.randrange(3 * 3600) * 1000
        ended_at = queued_at + rng.randrange(1, 1500) * 1000
        how = rng.choice(["ABANDONED", "ANSWERED", "ANSWERED"])
        visits.append((queued_at, ended_at, how))
        events += [interaction("QUEUED", f"call-{number}", queued_at, tenant_id="bank"),
                   interaction(how, f"call-{number}", ended_at, tenant_id="bank")]
    rule = lookback.Rule(metric, (), 15 * MINUTE_MS, (1, 4), at_least=at_least, min_sample=5,
                         within_ms=300_000)
    file = bench.container("calls.avro", sorted(events, key=lambda e: e["event_at"]))
    folder = bench.contracts("ours", agreement_of("lost", rule))
    lines = bench.lines("--contracts", folder, "--avro", file)
    first = min(v[0] for v in visits) // 10_000 * 10_000
    walk = [(t, *known_at(visits, judge, t, rule.window_ms))
            for t in range(first, max(v[1] for v in visits) + rule.window_ms, 10_000)]
    line, = of(lines, "objective")
    assert (line["steps"], line["steps_missed"]) == lookback.judged(walk, rule)
    assert line["tightest"] == lookback.tightest(walk, rule)
    assert 100 < line["steps_missed"] < line["steps"]
