"""What came out, against a recount of the input topic as it stands in the log."""

from collections import Counter, defaultdict

import oracle
from faults_load import TARGET_MS, WARN_MS

WINDOW_MS = 30 * 60_000  # holds the whole test, and has a step every 10 s
ENDS = ("RESOLVED", "EXPIRED", "VOIDED")
ALERT_TOPICS = ("alerts.sla", "alerts.demand", "alerts.quality", "alerts.operations")
RATIOS = ("asa_ms", "abandon_rate", "aht_ms", "talk_ms", "hold_ms", "wrap_ms", "transfer_rate",
          *("service_level." + variant for variant in oracle.VARIANTS))


def history_of(world):
    """The recount of everything on the input topic but ticks."""
    events = (world.registry.decode(value) for _, value, _, _ in world.raw(world.topic()))
    return oracle.recount([e for e in events if "interaction_id" in e])


def scopes_of(history):
    return {oracle.view_of(v.scope, view) for v in history.visits for view in oracle.VIEWS}


def name_of(scope):
    return "/".join(f"{d}={value}" for d, value in scope) or "all"


def standing(history, at):
    """scope -> gauges: the state just before an instant."""
    out = defaultdict(lambda: dict.fromkeys(oracle.GAUGES, 0))
    for name, scope, begin, end in oracle._spans(history):
        if begin < at and (end is None or end >= at):
            for view in oracle.VIEWS:
                out[oracle.view_of(scope, view)][name] += 1
    return out


def window(history, end_at):
    """scope -> metrics of [end_at - WINDOW_MS, end_at)."""
    counters = defaultdict(lambda: defaultdict(int))
    for scope, at, _, name, amount in oracle.contributions(history, TARGET_MS):
        if end_at - WINDOW_MS <= at < end_at:
            for view in oracle.VIEWS:
                counters[oracle.view_of(scope, view)][name] += amount
    return defaultdict(lambda: oracle.formulas(defaultdict(int)),
                       {scope: oracle.formulas(c) for scope, c in counters.items()})


def figures_differ(redis, history, settled_at):
    """Sentences about the view; empty when it is the recount. Windows must reach `settled_at`."""
    expected, out, final = {}, [], standing(history, oracle.FOREVER)
    for scope in scopes_of(history):
        name = name_of(scope)
        kpi = redis.hgetall(f"fw:{{acme}}:kpi:{name}:30m")
        end_at = int(kpi.get("as_of") or 0)
        if end_at < settled_at:
            out.append(f"{name}: its window ends at {end_at}, before {settled_at}")
            continue
        if end_at not in expected:
            expected[end_at] = window(history, end_at), standing(history, end_at)
        figures, gauges = expected[end_at]
        out += [f"{name}, window to {end_at}: {x}"
                for x in kpi_differs(kpi, figures[scope], gauges[scope])]
        now = redis.hgetall(f"fw:{{acme}}:now:{name}")
        out += [f"{name}, now: {g} is {n}, Redis says {now.get(g)} as of {now.get('as_of')}"
                for g, n in final[scope].items() if now.get(g) != str(n)]
    missing = {name_of(s) for s in scopes_of(history)} - redis.smembers("fw:{acme}:scopes")
    return out + [f"scope {name} is not listed" for name in sorted(missing)]


def kpi_differs(kpi, figures, gauges):
    for metric in oracle.COUNTS:
        if figures[metric][0] != int(kpi.get(metric, 0)):
            yield f"{metric} is {figures[metric][0]}, Redis says {kpi.get(metric)}"
    for metric in RATIOS:
        _, n, d = figures[metric]
        told = int(kpi.get(metric + ".n", 0)), int(kpi.get(metric + ".d", 0))
        if told != ((n, d) if d else (0, 0)):
            yield f"{metric} is {n}/{d}, Redis says {told[0]}/{told[1]}"
    for gauge in oracle.GAUGES:
        if gauges[gauge] != int(kpi.get(gauge, 0)):
            yield f"{gauge} is {gauges[gauge]}, Redis says {kpi.get(gauge)}"


# ---- alerts ----

def alerts_of(world):
    """Every alert that a read_committed reader gets, in the order of its topic."""
    return [a for topic in ALERT_TOPICS for a in world.records(topic)]


def episodes_differ(alerts):
    """Sentences about sequences with gaps, repeats, or something after their end, and about keys
    with a second episode before the first one's end; `alerts` as they stand in their topics."""
    by_id = defaultdict(list)
    for alert in alerts:
        by_id[alert["alert_id"]].append(alert)
    out = []
    for name, episode in by_id.items():
        told = [(a["seq"], a["transition"]) for a in episode]
        if [seq for seq, _ in told] != list(range(1, len(told) + 1)):
            out.append(f"{name}: the sequence is {told}")
        if told[0][1] != "FIRING" or [t for _, t in told[1:] if t == "FIRING"]:
            out.append(f"{name}: it does not begin with its only FIRING: {told}")
        if [t for _, t in told[:-1] if t in ENDS]:
            out.append(f"{name}: something follows its end: {told}")
    return out + list(_open_at_once(alerts))


def _open_at_once(alerts):
    """A key is in one partition, so its alerts stand in their order."""
    standing = {}
    for alert in alerts:
        key, name = alert["alert_key"], alert["alert_id"]
        if alert["transition"] == "FIRING" and standing.get(key, name) != name:
            yield f"{key}: two episodes are open at once: {standing[key]} and {name}"
        if alert["transition"] not in ENDS:
            standing[key] = name
        elif standing.get(key) == name:
            del standing[key]


def expected_items(history):
    """(kind, interaction, condition, end) of all callers who wait longer than they should."""
    for item in history.items:
        for visit in item.visits:
            if visit.scope["channel"] != "voice":
                continue
            began, ended = visit.queued_at, visit.ended_at
            took = (ended - began) if ended is not None else oracle.FOREVER
            if took > WARN_MS:
                breach_at = began + TARGET_MS
                yield ("ITEM_AT_RISK", item.name, began + WARN_MS,
                       min(breach_at, ended or breach_at))
            if took > TARGET_MS:
                yield "ITEM_BREACH", item.name, began + TARGET_MS, ended


def items_differ(alerts, history, held_back=False):
    """Sentences about item alerts that are missing or too many; those taken back do not count.

    Where events were held back on their way, a warning may have ended at a breach that was then
    taken back: what has ended stays, so only breaches are looked at.
    """
    kinds = ("ITEM_BREACH",) if held_back else ("ITEM_BREACH", "ITEM_AT_RISK")
    found = Counter(told_items(alerts, kinds))
    expected = Counter(x for x in expected_items(history) if x[0] in kinds)
    return ([f"missing: {x}" for x in (expected - found).elements()]
            + [f"too many: {x}" for x in (found - expected).elements()])


def told_items(alerts, kinds):
    """(kind, interaction, condition, end) of each episode that was not taken back."""
    last, first = {}, {}
    for alert in alerts:
        if alert["kind"] in kinds:
            first.setdefault(alert["alert_id"], alert)
            last[alert["alert_id"]] = alert
    for name, alert in first.items():
        if last[name]["transition"] != "VOIDED":
            yield (alert["kind"], alert["interaction_id"], alert["condition_at"],
                   last[name]["resolved_at"])


def board_shown(redis):
    return set(redis.hgetall("fw:{acme}:alerts")) - {"_guard"}


def board_differs(redis, alerts, before=None):
    """Sentences about the open alerts in Redis. While things still happen, `before` is what stood
    there before the alerts were read, and of when: what was told later may lack or still stand.
    Log and wall clocks are compared here, so the view's last second is not looked at."""
    last, begun_at = {}, {}
    for a in alerts:
        last[a["alert_id"]] = a
        begun_at.setdefault(a["alert_id"], a["emitted_at"])
    expected = {i for i, a in last.items() if a["transition"] not in ENDS}
    shown = board_shown(redis)
    missing, surplus = expected - shown, shown - expected
    if before:
        shown_before, as_of = before
        sure_at = as_of - 1000
        missing = {i for i in missing if begun_at[i] <= sure_at}
        surplus = {i for i in surplus & shown_before
                   if i not in last or last[i]["emitted_at"] <= sure_at}
    return ([f"open, but not in Redis: {i} {last[i]['kind']}" for i in missing]
            + [f"in Redis, but not open: {i} {last[i]['kind'] if i in last else 'never told'}"
               for i in surplus])
