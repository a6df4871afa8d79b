"""What came out of a run under faults, against the recount of its input."""

import time
from collections import Counter

import oracle
from faults_recount import (ENDS, RATIOS, alerts_of, episodes_differ, kpi_differs, name_of,
                            told_items)
from harness import FIELDS

ALIGNED_MS = {"15m": 15 * 60_000, "30m": 30 * 60_000, "1h": 60 * 60_000}


class Verdict:
    """Sentences about what is wrong, and how much of it."""

    def __init__(self):
        self.lost = self.double = self.repeated = 0
        self.flaws = []

    def compare(self, what, expected, told):
        """A count that must be equal."""
        self.lost += max(0, expected - told)
        self.double += max(0, told - expected)
        if expected != told:
            self.flaws.append(f"{what} is {expected}, told as {told}")


def check_view(verdict, redis, views, window):
    """The final view of every scope, in a window that holds the whole run. One that nothing has
    changed for a while is not written again."""
    for tenant, scope in sorted(views.by_view):
        name = name_of(scope)
        kpi = redis.hgetall(f"fw:{{{tenant}}}:kpi:{name}:{window}")
        figures, gauges = views.figures(tenant, scope), views.now(tenant, scope)
        if not scope:
            for metric in oracle.COUNTS:
                verdict.compare(f"{tenant}: {metric}", figures[metric][0],
                                int(kpi.get(metric, 0)))
        verdict.flaws += [f"{tenant} {name}, {window} to {kpi.get('as_of')}: {x}"
                          for x in kpi_differs(kpi, figures, gauges)]
        now = redis.hgetall(f"fw:{{{tenant}}}:now:{name}")
        verdict.flaws += [f"{tenant} {name}, now: {g} is {n}, Redis says {now.get(g)}"
                          for g, n in gauges.items() if now.get(g) != str(n)]
    for tenant in {tenant for tenant, _ in views.by_view}:
        listed = redis.smembers(f"fw:{{{tenant}}}:scopes")
        missing = {name_of(s) for t, s in views.by_view if t == tenant} - listed
        verdict.flaws += [f"{tenant}: scope {name} is not listed" for name in sorted(missing)]


def check_kpis(verdict, world, views):
    """The newest revision of every figure of aligned windows on the topic `kpis`; each revision
    once, and every scope with a caller in a window that is closed."""
    told, newest = Counter(), {}
    for record in world.records("kpis"):
        length_ms = ALIGNED_MS.get(record["window"])
        if not length_ms or record["window_end_at"] % length_ms or record["metric"] not in CHECKED:
            continue
        scope = tuple((d, record[f]) for d, f in FIELDS if record[f] is not None)
        key = (record["tenant_id"], scope, record["window_start_at"], record["window_end_at"],
               record["metric"])
        told[key, record["revision"], record["final"]] += 1
        if key not in newest or newest[key]["revision"] < record["revision"]:
            newest[key] = record
    again = [x for x, n in told.items() if n > 1]
    verdict.repeated += len(again)
    verdict.flaws += [f"a figure told more than once: {x}" for x in again]
    check_figures(verdict, newest, views)
    return sum(told.values()), len(newest)


def check_figures(verdict, newest, views):
    windows = {key[2:4] for key in newest}
    for tenant, scope in views.by_view:
        for start_at, end_at in windows:
            where = tenant, scope, start_at, end_at
            figures, gauges = views.figures(*where), views.gauges(tenant, scope, end_at)
            if figures["offered"][0] and (*where, "offered") not in newest:
                verdict.flaws.append(f"no figures of {where}")
            for metric in CHECKED:
                if (*where, metric) in newest:
                    _check_figure(verdict, f"{tenant} {name_of(scope)}, {metric} of {start_at} to "
                                  f"{end_at}", newest[(*where, metric)], figures, gauges)


CHECKED = {*oracle.COUNTS, *oracle.GAUGES, *RATIOS, "service_level"}


def _check_figure(verdict, what, record, figures, gauges):
    metric = record["metric"]
    if metric in RATIOS or metric == "service_level":
        _, n, d = figures[metric]
        if (record["numerator"] or 0, record["denominator"] or 0) != ((n, d) if d else (0, 0)):
            verdict.flaws.append(f"{what}: {n}/{d}, the topic says {record['numerator']}/"
                                 f"{record['denominator']}")
        return
    expected = gauges[metric] if metric in gauges else figures[metric][0]
    if expected != (record["value"] or 0):
        verdict.flaws.append(f"{what}: {expected}, the topic says {record['value']}")


def check_alerts(verdict, redis, alerts, sums, tenants):
    """Sequences without gap, at most one open for each key, each late caller once, the board."""
    repeats = episodes_differ(alerts)
    verdict.repeated += len(repeats)
    verdict.flaws += repeats
    verdict.flaws += items_differ(alerts, sums)
    last = {a["alert_id"]: a for a in alerts}
    for tenant in tenants:
        shown = set(redis.hgetall(f"fw:{{{tenant}}}:alerts")) - {"_guard"}
        standing = {i for i, a in last.items()
                    if a["tenant_id"] == tenant and a["transition"] not in ENDS}
        verdict.flaws += [f"{tenant}: open, but not in Redis: {i}" for i in standing - shown]
        verdict.flaws += [f"{tenant}: in Redis, but not open: {i}" for i in shown - standing]


def items_differ(alerts, sums):
    """Breaches. What has ended stays: where an event came after a later one of its caller, a breach
    may have been told that would not have been, but none may be missing."""
    told = list(told_items(alerts, ("ITEM_BREACH",)))
    found = Counter(x for x in told if x[1] not in sums.shuffled)
    expected = Counter(x for x in sums.items if x[1] not in sums.shuffled)
    known = {x[1:3] for x in told}
    return ([f"missing: {x}" for x in (expected - found).elements()]
            + [f"too many: {x}" for x in (found - expected).elements()]
            + [f"missing: {x}" for x in sums.items
               if x[1] in sums.shuffled and x[1:3] not in known])


def check_dead_letters(verdict, world, sums):
    """Each bad record once, and nothing else."""
    told = Counter((d["partition"], d["offset"]) for d in world.records("dead-letters"))
    missing, surplus = sums.bad - told.keys(), told.keys() - sums.bad
    again = {place for place, n in told.items() if n > 1}
    verdict.lost += len(missing)
    verdict.double += len(surplus)
    verdict.repeated += len(again)
    verdict.flaws += [f"a bad record without its dead letter: {x}" for x in sorted(missing)]
    verdict.flaws += [f"a dead letter of a good record: {x}" for x in sorted(surplus)]
    verdict.flaws += [f"two dead letters of one record: {x}" for x in sorted(again)]


def judge(world, redis, sums, views, window):
    """One look at everything; also says how much there was to look at."""
    verdict = Verdict()
    alerts = alerts_of(world)
    tenants = sorted({tenant for tenant, _ in views.by_view})
    check_alerts(verdict, redis, alerts, sums, tenants)
    check_dead_letters(verdict, world, sums)
    figures, newest = check_kpis(verdict, world, views)
    check_view(verdict, redis, views, window)
    episodes = len({a["alert_id"] for a in alerts})
    return verdict, (f"{len(alerts)} transitions of {episodes} episodes, {figures} figures of "
                     f"{newest} windows, {len(sums.bad)} dead letters, {len(views.by_view)} scopes")


def judge_in_time(world, redis, sums, views, window, timeout_s):
    """Figures may still be on their way; what is counted or told twice never heals."""
    until = time.monotonic() + timeout_s
    while True:
        verdict, seen = judge(world, redis, sums, views, window)
        if not verdict.flaws or time.monotonic() > until:
            return verdict, seen
        time.sleep(3)
