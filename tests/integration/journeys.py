"""Journeys and efforts, recounted from the text of docs/contracts.md: what the interactions of one
journey_id come to together, and what chats cost agents who have several at a time.

It takes the oracle's visits and legs, whole histories, and plain sums over lists.
"""

from collections import defaultdict

GAP_MS = 24 * 3600 * 1000
SHARED = ("chat", "messaging", "social")


def _first_said(events, name):
    """interaction -> what its events say, which is the same in all of them."""
    out = {}
    for event in events:
        if event.get(name):
            out[event["interaction_id"]] = event[name]
    return out


def _resolved_at(item):
    """The last RESOLVED, unless the interaction was opened again since."""
    if not item.resolutions:
        return None
    at = max(at for at, _ in item.resolutions)
    return None if any(again > at for again in item.reopenings) else at


def _joined(items):
    """Lists of items of one name, each begun within a day of the end of all before it."""
    run, over = [], None
    for item in sorted(items, key=lambda i: i.open_spans[0][0]):
        if run and over is not None and item.open_spans[0][0] - over > GAP_MS:
            yield run
            run, over = [], None
        run.append(item)
        ends = [i.open_spans[-1][1] for i in run]
        over = None if None in ends else max(ends)
    if run:
        yield run


def journeys(history, events):
    """(scope, at, {metric: (numerator, denominator)}) of each journey that is over."""
    names = _first_said(events, "journey_id")
    groups = defaultdict(list)
    for item in history.items:
        if item.name in names and item.open_spans:
            groups[names[item.name]].append(item)
    for items in groups.values():
        for run in _joined(items):
            ends = [i.open_spans[-1][1] for i in run]
            visits = [v for i in run for v in i.visits if v.ended_at is not None]
            legs = [leg for i in run for leg in i.legs if leg.ended_at is not None]
            if None in ends or not visits + legs:
                continue
            resolved = [at for at in map(_resolved_at, run) if at is not None]
            passed_on = sum(leg.transferred for leg in legs)
            took_ms = max(resolved) - run[0].open_spans[0][0] if resolved else 0
            yield run[0].scope, max(ends), {
                "journey_wait_ms": (sum(v.wait_ms for v in visits), bool(visits)),
                "journey_handle_ms": (sum(leg.handle_ms for leg in legs), bool(legs)),
                "journey_transfer_rate": (bool(passed_on), bool(legs)),
                "journey_resolution_ms": (took_ms, bool(resolved)),
            }


def efforts(history, events):
    """(scope, at, {metric: (numerator, denominator)}) of each ended leg on a shared channel."""
    agents = {(e["interaction_id"], e["event_at"]): e["agent_id"] for e in events
              if e["type"] == "ANSWERED" and e.get("agent_id")}
    shifts = defaultdict(list)
    for item in history.items:
        for leg in item.legs:
            agent = agents.get((item.name, leg.answered_at))
            if agent and leg.visit.scope["channel"] in SHARED:
                shifts[agent].append(leg)
    for legs in shifts.values():
        cuts = sorted({at for leg in legs for at in (leg.answered_at, leg.ended_at) if at})
        spent = defaultdict(float)
        for begin, end in zip(cuts, cuts[1:]):
            open_ones = [leg for leg in legs if leg.answered_at <= begin
                         and (leg.ended_at is None or leg.ended_at >= end)]
            for leg in open_ones:
                spent[id(leg)] += (end - begin) / len(open_ones)
        for leg in legs:
            if leg.ended_at is not None:
                yield leg.visit.scope, leg.ended_at, {
                    "effort_ms": (spent[id(leg)], 1),
                    "concurrency": (leg.ended_at - leg.answered_at, spent[id(leg)])}
