"""Figures of days, weeks, months and quarters in the tenant's zone, against a recount."""

import collections
import datetime as dt
import random
import zoneinfo

import pytest

import oracle
import outlook
from harness import kpi_pattern
from records import interaction

pytestmark = pytest.mark.timeout(300)

ZONES = {"acme": ("America/New_York", "sun"), "bolt": ("Asia/Kathmandu", "mon"),
         "cargo": ("Europe/Berlin", "wed")}
FROM = dt.datetime(2026, 9, 26, tzinfo=dt.timezone.utc)
HOUR_MS = 3_600_000
METRICS = ["offered", "answered", "abandoned", "asa_ms", "handled", "aht_ms", "journeys",
           "journey_wait_ms", "journey_handle_ms"]
WINDOWS = ["today", "week", "month", "quarter"]
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def start_of(window, at, zone, week_starts):
    """The local midnight at which the period that contains `at` begins, as epoch ms."""
    date = dt.datetime.fromtimestamp(at / 1000, zone).date()
    if window == "week":
        date -= dt.timedelta(days=(date.weekday() - WEEKDAYS.index(week_starts)) % 7)
    elif window == "month":
        date = date.replace(day=1)
    elif window == "quarter":
        date = date.replace(month=(date.month - 1) // 3 * 3 + 1, day=1)
    midnight = dt.datetime.combine(date, dt.time(), zone)
    return int(midnight.timestamp() * 1000)


def midnight(day, zone):
    date = FROM.date() + dt.timedelta(days=day)
    return int(dt.datetime.combine(date, dt.time(), zone).timestamp() * 1000)


def calls(rng, tenant, zone, count):
    """(events, [(metric, at, n, d)]) of calls around midnight, some of which come late."""
    for number in range(count):
        name = f"{tenant}-{number}"
        at = midnight(rng.randrange(8), zone) + rng.randrange(-HOUR_MS, HOUR_MS)
        queue = rng.choice(["sales", "support"])
        fields = {"tenant_id": tenant, "queue_id": queue}
        wait = rng.randrange(1, 60_000)
        told = [("offered", at, 1, None)]
        events = [interaction("QUEUED", name, at, **fields)]
        if rng.random() < 0.3:
            events.append(interaction("ABANDONED", name, at + wait, **fields))
            told.append(("abandoned", at + wait, 1, None))
        else:
            talk = rng.randrange(1000, 900_000)
            events += [interaction("ANSWERED", name, at + wait, agent_id="a", **fields),
                       interaction("DISCONNECTED", name, at + wait + talk, agent_id="a", **fields)]
            told += [("answered", at + wait, 1, None), ("asa_ms", at + wait, wait, 1),
                     ("handled", at + wait + talk, 1, None),
                     ("aht_ms", at + wait + talk, talk, 1)]
        late = rng.choice([0, 0, 0, rng.randrange(20 * HOUR_MS)])
        if not late:  # what comes hours late may go on a journey whose day is final
            for event in events:
                event["journey_id"] = f"journey-{number // 3}"
        yield [(event["event_at"] + late, event) for event in events], queue, told


def journeys(sent):
    """(tenant, queue, metric, at, n, d): calls of one name are one journey, unless a day lies
    between them."""
    calls_of = collections.defaultdict(lambda: collections.defaultdict(dict))
    for _, event in sent:
        if event.get("journey_id"):
            name = event["tenant_id"], event["journey_id"]
            calls_of[name][event["interaction_id"]][event["type"]] = event
    for (tenant, _), those in calls_of.items():
        runs, over = [], 0
        for call in sorted(those.values(), key=lambda c: c["QUEUED"]["event_at"]):
            begin, end = call["QUEUED"], call.get("DISCONNECTED") or call["ABANDONED"]
            if not runs or begin["event_at"] - over > 24 * HOUR_MS:
                runs.append([])
            runs[-1].append(call)
            over = max(over, end["event_at"])
        for run in runs:
            ends = [(c.get("DISCONNECTED") or c["ABANDONED"])["event_at"] for c in run]
            served = [c for c in run if "ANSWERED" in c]
            queue, at = run[0]["QUEUED"]["queue_id"], max(ends)
            yield tenant, queue, "journeys", at, 1, None
            waits = [(c.get("ANSWERED") or c["ABANDONED"])["event_at"] - c["QUEUED"]["event_at"]
                     for c in run]
            yield tenant, queue, "journey_wait_ms", at, sum(waits), 1
            if served:
                talks = [c["DISCONNECTED"]["event_at"] - c["ANSWERED"]["event_at"] for c in served]
                yield tenant, queue, "journey_handle_ms", at, sum(talks), 1


def expected_of(told, ends):
    """(tenant, view, window, start) -> metric -> [sum, count]; only periods that ended."""
    sums = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0]))
    for tenant, queue, metric, at, n, d in told:
        zone, week_starts = zoneinfo.ZoneInfo(ZONES[tenant][0]), ZONES[tenant][1]
        for window in WINDOWS:
            start = start_of(window, at, zone, week_starts)
            for view in ((), (("queue", queue),)):
                entry = sums[tenant, view, window, start][metric]
                entry[0] += n
                entry[1] += d or 0
    return {key: metrics for key, metrics in sums.items() if key in ends}


def parts_of(record):
    if record["metric"].endswith("_ms"):
        return [record["numerator"], record["denominator"]]
    return [record["value"], 0]


def test_periods_equal_the_recount(world):
    rng = random.Random(4)
    world.create(partitions=2)
    sent, told = [], []
    for tenant, (zone, week_starts) in ZONES.items():
        world.contract({"contract": tenant, "version": 1, "tenant": tenant, "timezone": zone,
                        "week_starts": week_starts}, name=f"{tenant}.yaml")
        for events, queue, facts in calls(rng, tenant, zoneinfo.ZoneInfo(zone), 300):
            sent += events
            told += [(tenant, queue, *fact) for fact in facts]
    told += journeys(sent)
    sent.sort(key=lambda pair: pair[0])
    for at, event in sent:
        world.send(event, at=at)
    world.flush()
    config = world.config(kafka={"topics": {"partitions": 2, "replication": 1}})
    world.replay(config, "--final-clock", int(FROM.timestamp() * 1000) + 12 * 24 * HOUR_MS)
    newest, finals = {}, set()
    wanted = [kpi_pattern(window, METRICS) for window in WINDOWS]
    for _, value, _, _ in world.raw(world.topic("kpis")):
        if not any(pattern.search(value) for pattern in wanted):
            continue
        record = world.registry.decode(value)
        if record["window"] not in WINDOWS or record["metric"] not in METRICS:
            continue
        view = () if record["queue_id"] is None else (("queue", record["queue_id"]),)
        if record["site_id"] or record["vendor_id"] or record["channel"]:
            continue
        key = record["tenant_id"], view, record["window"], record["window_start_at"]
        figures = newest.setdefault(key, {})
        if record["metric"] not in figures or (figures[record["metric"]]["revision"]
                                               < record["revision"]):
            figures[record["metric"]] = record
        if record["final"]:
            finals.add(key)
    expected = expected_of(told, newest)
    windows = collections.Counter(key[2] for key in finals)
    assert windows["today"] > 40 and windows["week"] >= 9, windows
    assert windows["month"] == windows["quarter"] == 9, windows  # of all and two queues, each
    wrong = [(key, metric, parts, newest[key][metric]) for key, metrics in expected.items()
             for metric, parts in metrics.items() if parts_of(newest[key][metric]) != parts]
    assert not wrong, f"{len(wrong)} figures, for instance {wrong[0]}"
    assert set(newest) == set(expected)
    check_under_way(world, told)


def check_under_way(world, told):
    """The month and the quarter that the final clock lies in, as Redis shows them."""
    for tenant, (zone, _) in ZONES.items():
        october = int(dt.datetime(2026, 10, 1, tzinfo=zoneinfo.ZoneInfo(zone)).timestamp() * 1000)
        for window in ("month", "quarter"):
            found = world.redis.hgetall(f"fw:{{{tenant}}}:kpi:all:{window}")
            for metric in ("offered", "answered", "handled"):
                total = sum(n for t, _, m, at, n, _ in told
                            if (t, m) == (tenant, metric) and at >= october)
                assert int(found[metric]) == total > 0, (tenant, window, metric)


EXPECTED = {"today": 3, "week": 2.5}  # an hour, until it is known
JUDGED = [("today", "site", 600_000), ("week", "queue", 0), ("month", None, 0)]


def judged_calls(rng, tenant, zone, count):
    """Calls of good and of bad hours, many of them around midnight; nothing comes late."""
    for number in range(count):
        at = midnight(rng.randrange(8), zone) + rng.randrange(-6 * HOUR_MS, 6 * HOUR_MS)
        at = at if number else midnight(0, zone) - 7 * HOUR_MS  # the first day is known to all
        bad = at // (2 * HOUR_MS) % 3 == 0
        wait = rng.randrange(1, 60_000 if bad else 22_000)
        fields = {"tenant_id": tenant, "queue_id": rng.choice(["sales", "support"])}
        yield interaction("QUEUED", f"{tenant}-{number}", at, **fields)
        yield interaction("ANSWERED", f"{tenant}-{number}", at + wait, agent_id="a", **fields)


def objective_of(window, per, hold_ms, zone, week_starts):
    return oracle.Objective(
        per=(per,) if per else (), window_ms=0, target=(4, 5), clear=(83, 100), min_sample=5,
        hold_ms=hold_ms, start_of=lambda at: start_of(window, at, zone, week_starts))


def check_outlook(alerts, tenant, history, objective, window, zone, week_starts, end_at):
    """What is said of the rest of a period, against the second implementation."""
    good, times = collections.defaultdict(list), collections.defaultdict(list)
    for visit in history.visits:
        at, letter = oracle.service_level_event(visit, objective.within_ms, 0)
        n, d = oracle.service_level(collections.defaultdict(int, {letter: 1}), objective.variant)
        key = oracle.view_of(visit.scope, objective.per)
        good[key] += [at] * n
        times[key] += [at] * d
    missed = oracle.episodes(history, objective, end_at=end_at)
    promise = outlook.Promise(window=window, zone=zone, start_of=objective.start_of, target=0.8,
                              min_sample=objective.min_sample, hold_ms=objective.hold_ms,
                              per_hour=EXPECTED.get(window, 0))
    expected = []
    for key, those in times.items():
        at = [(e.condition_at, e.resolved_at or end_at) for e in missed if e.scope == key]
        expected += [
            (dict(key).get(objective.per[0], "") if objective.per else "", *told.key())
            for told in outlook.episodes(sorted(good[key]), sorted(those), promise,
                                         lambda t: any(a <= t < b for a, b in at), end_at)]
    found = [(scope, kind, *rest[:4], *rest[5:])
             for kind in ("OBJECTIVE_AT_RISK", "OBJECTIVE_UNRECOVERABLE")
             for scope, *rest in told_episodes(alerts, tenant, window, kind)]
    assert sorted(found, key=str) == sorted(expected, key=str), (tenant, window)
    return collections.Counter((window, e[1], e[-1]) for e in found)


def check_examples(alerts, events, within_ms):
    """The newest ten who missed what the alert is about, in its window or in the recent one."""
    calls, named = collections.defaultdict(dict), 0
    for event in events:
        calls[event["tenant_id"], event["interaction_id"]][event["type"]] = event
    late = [(call["QUEUED"]["event_at"] + within_ms, call["QUEUED"]) for call in calls.values()
            if call["ANSWERED"]["event_at"] > call["QUEUED"]["event_at"] + within_ms]
    for alert in alerts:
        if alert["transition"] != "FIRING" or not alert["kind"].startswith("OBJECTIVE"):
            continue
        recent = HOUR_MS if alert["rule"] == "today" else 24 * HOUR_MS
        needed = alert["kind"] == "OBJECTIVE_AT_RISK" and alert["formula"].endswith(".needed")
        end = alert["window_end_at"]
        start = end - recent if needed else alert["window_start_at"]
        missed = [(at, e["interaction_id"]) for at, e in late
                  if start <= at < end and e["tenant_id"] == alert["tenant_id"]
                  and alert["site_id"] in (None, e["site_id"])
                  and alert["queue_id"] in (None, e["queue_id"])]
        assert alert["interactions"] == [name for _, name in sorted(missed)[:-11:-1]], alert
        named += len(alert["interactions"])
    assert named > 100


def told_episodes(alerts, tenant, rule, kind="OBJECTIVE_BREACH"):
    told = collections.defaultdict(list)
    for alert in alerts:
        if (alert["kind"], alert["tenant_id"], alert["rule"]) == (kind, tenant, rule):
            told[alert["alert_id"]].append(alert)
    out = []
    for alerts in told.values():
        first, last = alerts[0], alerts[-1]
        ended = last["transition"] != "FIRING"
        out.append((first["site_id"] or first["queue_id"] or "", first["opened_at"],
                    first["condition_at"], first["numerator"], first["denominator"],
                    first["window_start_at"], last["resolved_at"],
                    last["transition"] if ended else None))
    return sorted(out)


def test_objectives_over_periods_equal_the_oracle(world):
    rng = random.Random(8)
    world.create(partitions=2)
    events = []
    for tenant, (zone, week_starts) in ZONES.items():
        world.contract({
            "contract": tenant, "version": 1, "tenant": tenant, "timezone": zone,
            "week_starts": week_starts, "roles": {"duty": {"contact": "pager:duty"}},
            "objectives": [{
                "name": window, "metric": "service_level", "within": "20s",
                "per": [per] if per else [], "window": window, "target": "at least 80%",
                "clear": "at least 83%", "min_sample": 5, "hold": f"{hold_ms}ms", "owner": "duty",
                "outcome": "nobody waits",
                **({"expected": {"per": "1h", "volume": EXPECTED[window]}}
                   if window in EXPECTED else {})} for window, per, hold_ms in JUDGED]},
            name=f"{tenant}.yaml")
        events += judged_calls(rng, tenant, zoneinfo.ZoneInfo(zone), 400)
    events.sort(key=lambda event: event["event_at"])
    for event in events:
        world.send(event, at=event["event_at"])
    world.flush()
    end_at = int(FROM.timestamp() * 1000) + 12 * 24 * HOUR_MS
    world.replay(world.config(kafka={"topics": {"partitions": 2, "replication": 1}}),
                 "--final-clock", end_at)
    how, alerts = collections.Counter(), world.alerts()
    check_examples(alerts, events, 20_000)
    for tenant, (zone_name, week_starts) in ZONES.items():
        zone = zoneinfo.ZoneInfo(zone_name)
        history = oracle.recount([e for e in events if e["tenant_id"] == tenant])
        for window, per, hold_ms in JUDGED:
            objective = objective_of(window, per, hold_ms, zone, week_starts)
            expected = sorted(
                (dict(e.scope).get(per, ""), e.opened_at, e.condition_at, e.numerator,
                 e.denominator, start_of(window, e.condition_at - 1, zone, week_starts),
                 e.resolved_at, e.how)
                for e in oracle.episodes(history, objective, end_at=end_at))
            found = told_episodes(alerts, tenant, window)
            assert found == expected, (tenant, window)
            how.update((window, e[-1]) for e in found)
            how += check_outlook(alerts, tenant, history, objective, window, zone, week_starts,
                                 end_at)
    assert how["today", "EXPIRED"] > 3 and how["today", "RESOLVED"] > 3, how
    assert how["week", "EXPIRED"] > 0 and how["month", "EXPIRED"] > 0, how
    for kind in ("OBJECTIVE_AT_RISK", "OBJECTIVE_UNRECOVERABLE"):
        assert how["today", kind, "RESOLVED"] + how["today", kind, "EXPIRED"] > 3, how
    check_minutes(world, events)


def check_minutes(world, events):
    """The day under way, as it is published every five minutes for its objective."""
    pattern, checked = kpi_pattern("today", ["service_level"]), 0
    for _, value, _, _ in world.raw(world.topic("kpis")):
        if not pattern.search(value):
            continue
        record = world.registry.decode(value)
        start, end = record["window_start_at"], record["window_end_at"]
        if record["site_id"] is None or record["queue_id"] or record["final"]:
            continue
        zone, week_starts = ZONES[record["tenant_id"]]
        assert start == start_of("today", end - 1, zoneinfo.ZoneInfo(zone), week_starts)
        assert end % 300_000 == 0
        checked += 1
        if checked % 20:
            continue
        history = oracle.recount([e for e in events if e["tenant_id"] == record["tenant_id"]])
        seen = [oracle.service_level_event(v, 20_000, 0) for v in history.visits]
        inside = [letter for at, letter in seen if start <= at < end]
        assert record["denominator"] == len(inside), record
        assert record["numerator"] == inside.count("Ain"), record
    assert checked > 2000
