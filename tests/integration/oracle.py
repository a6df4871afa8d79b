"""An independent recount of interaction events: visits, legs, items, metrics and episodes.

It is written from the text of the contract (topics, metrics, windows and steps) and shares no
code with the processor. It takes whole histories and is slow on purpose: plain sums over lists.
"""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field

DIMENSIONS = ("vendor", "site", "queue", "channel")
VIEWS = ((), ("vendor",), ("site",), ("queue",), ("channel",), ("site", "queue"),
         ("site", "queue", "channel"))
VARIANTS = ("answered_of_offered", "abandon_ignored", "abandon_positive", "removed_within",
            "short_excluded", "answered_only")
COUNTS = ("offered", "answered", "abandoned", "abandoned_short", "flowed_out", "callbacks",
          "handled", "transferred", "reopened")
GAUGES = ("waiting", "in_service", "backlog")
FOREVER = float("inf")


@dataclass
class Visit:
    scope: dict
    queued_at: int
    ended_at: int | None = None
    how: str | None = None  # answered abandoned flow_out callback
    wait_ms: int | None = None


@dataclass
class Leg:
    visit: Visit
    answered_at: int
    hold_ms: int = 0
    hold_since: int | None = None
    left_at: int | None = None  # the customer's end; the leg may go on with wrap
    wrap_since: int | None = None
    wrap_ms: int = 0
    ended_at: int | None = None
    transferred: bool = False
    given: dict = field(default_factory=dict)  # durations measured by the source win

    @property
    def talk_ms(self):
        if "talk_ms" in self.given:
            return self.given["talk_ms"]
        return self.left_at - self.answered_at - self.hold_ms

    @property
    def handle_ms(self):
        return (self.talk_ms + self.given.get("hold_ms", self.hold_ms)
                + self.given.get("wrap_ms", self.wrap_ms))


class Item:
    """One interaction: what its events, in their order, made of it."""

    def __init__(self, name=None):
        self.name = name
        self.visits = []
        self.legs = []
        self.created_at = None
        self.scope = None
        self.first_reply = None  # (at, ms)
        self.reply_from = None  # CREATED; where the source sends none, the first QUEUED
        self.resolutions = []  # (at, ms)
        self.reopenings = []
        self.void = False
        self.open_spans = []  # [from, to or None]
        self.impossible = []
        self.waiting = None
        self.leg = None  # the one that is open, or may still get its wrap

    def _open(self, at):
        if not self.open_spans or self.open_spans[-1][1] is not None:
            self.open_spans.append([at, None])

    def _shut(self, at):
        if self.open_spans and self.open_spans[-1][1] is None:
            self.open_spans[-1][1] = at

    def _end_visit(self, at, how, event):
        visit, self.waiting = self.waiting, None
        visit.ended_at, visit.how = at, how
        visit.wait_ms = at - visit.queued_at
        if event.get("queue_wait_ms") is not None:
            visit.wait_ms = event["queue_wait_ms"]
        if self.created_at is None and how != "answered":
            self._shut(at)

    def _end_leg(self, at):
        leg, self.leg = self.leg, None
        leg.ended_at = at
        if self.created_at is None:
            self._shut(at)

    def _settle(self):
        """A leg whose customer has left and that got no wrap is over."""
        if self.leg is not None and self.leg.left_at is not None and self.leg.wrap_since is None:
            self._end_leg(self.leg.left_at)

    def can(self, kind):
        serving = self.leg is not None and self.leg.left_at is None
        if kind in ("ABANDONED", "FLOW_OUT", "DEQUEUED", "CALLBACK_REQUESTED"):
            return self.waiting is not None
        if kind == "ANSWERED":
            return not serving
        if kind in ("HOLD_START", "HOLD_END", "TRANSFERRED"):
            return serving
        if kind == "WRAP_START":
            return self.leg is not None and self.leg.left_at is not None
        if kind == "WRAP_END":
            return self.leg is not None and self.leg.wrap_since is not None
        if kind == "DISCONNECTED":
            return serving or self.waiting is not None
        return True

    def apply(self, event):
        kind, at = event["type"], event["event_at"]
        if not self.can(kind):
            self.impossible.append(event)
            return
        if kind not in ("WRAP_START", "WRAP_END", "RECORD_SNAPSHOT"):
            self._settle()
        if self.scope is None or (kind == "CREATED" and self.created_at is None):
            self.scope = scope_of(event)
        handler = getattr(self, "_on_" + kind.lower(), None)
        if handler is not None:
            handler(event, at)

    def _on_created(self, event, at):
        if self.created_at is None:
            self.created_at = at
        if self.reply_from is None:
            self.reply_from = at
        self._open(at)

    def _on_queued(self, event, at):
        if self.waiting is not None:
            self._end_visit(at, "flow_out", event)
        self.waiting = Visit(scope_of(event), at)
        self.visits.append(self.waiting)
        if self.reply_from is None:
            self.reply_from = at
        self._open(at)

    def _on_answered(self, event, at):
        if self.waiting is None:
            self.waiting = Visit(scope_of(event), at)
            self.visits.append(self.waiting)
            self._open(at)
        visit = self.waiting
        self._end_visit(at, "answered", event)
        self.leg = Leg(visit, at)
        self.legs.append(self.leg)
        if visit.scope["channel"] == "voice":
            self._reply(at)

    def _on_abandoned(self, event, at):
        self._end_visit(at, "abandoned", event)

    def _on_flow_out(self, event, at):
        self._end_visit(at, "flow_out", event)

    _on_dequeued = _on_flow_out

    def _on_callback_requested(self, event, at):
        self._end_visit(at, "callback", event)

    def _on_hold_start(self, event, at):
        self.leg.hold_since = at

    def _on_hold_end(self, event, at):
        if self.leg.hold_since is not None:
            self.leg.hold_ms += at - self.leg.hold_since
            self.leg.hold_since = None

    def _leave(self, event, at):
        if self.leg.hold_since is not None:
            self._on_hold_end(event, at)
        self.leg.left_at = at
        for name in ("talk_ms", "hold_ms", "wrap_ms"):
            if event.get(name) is not None:
                self.leg.given[name] = event[name]

    def _on_transferred(self, event, at):
        self._leave(event, at)
        self.leg.transferred = True
        self._end_leg(at)

    def _on_disconnected(self, event, at):
        if self.waiting is not None:
            customer = event.get("end_cause", "UNKNOWN") in ("CUSTOMER", "UNKNOWN")
            self._end_visit(at, "abandoned" if customer else "flow_out", event)
        else:
            self._leave(event, at)

    def _on_wrap_start(self, event, at):
        self.leg.wrap_since = at
        if self.created_at is None and self.open_spans[-1][1] is not None:
            self.open_spans[-1][1] = None

    def _on_wrap_end(self, event, at):
        self.leg.wrap_ms = at - self.leg.wrap_since
        self._end_leg(at)

    def _on_agent_message(self, event, at):
        if event.get("public", True) and event.get("author") in ("AGENT", "SUPERVISOR"):
            self._reply(at)

    def _reply(self, at):
        if self.first_reply is None and self.reply_from is not None:
            self.first_reply = (at, at - self.reply_from)

    def _on_resolved(self, event, at):
        self._shut(at)
        if self.created_at is not None:
            self.resolutions.append((at, at - self.created_at))

    def _on_reopened(self, event, at):
        self.reopenings.append(at)
        self._open(at)

    def _on_record_snapshot(self, event, at):
        """What the source says of the last visit as a whole, the newest such word."""
        visit = self.visits[-1]
        if event.get("queue_wait_ms") is not None:
            visit.wait_ms = event["queue_wait_ms"]
        cause = event.get("end_cause", "UNKNOWN")
        if visit.how in ("abandoned", "flow_out") and cause != "UNKNOWN":
            visit.how = "abandoned" if cause == "CUSTOMER" else "flow_out"
        for leg in self.legs:
            if leg.visit is visit:
                leg.transferred |= cause == "TRANSFERRED"
                leg.given |= {name: event[name] for name in ("talk_ms", "hold_ms", "wrap_ms")
                              if event.get(name) is not None}

    def _on_closed(self, event, at):
        if self.waiting is not None:
            self._on_disconnected(event, at)
        self._shut(at)

    def _on_cancelled(self, event, at):
        if self.waiting is not None:
            self.visits.remove(self.waiting)
            self.waiting = None
        self._shut(at)

    _on_merged = _on_cancelled


def scope_of(event):
    return {"vendor": event.get("vendor_id", ""), "site": event["site_id"],
            "queue": event.get("queue_id"), "channel": event["channel"].lower(),
            "priority": event.get("priority", "UNKNOWN").lower()}


def identity(event):
    return (event["tenant_id"], event.get("source", ""), event["event_id"],
            event.get("revision", 0))


def _in_order(events):
    """By event time, then source_seq, then whatever the life cycle permits."""
    events = sorted(events, key=lambda e: (e["event_at"], e.get("source_seq") or 0))
    item = Item(events[0]["interaction_id"])
    pending = []
    for i, event in enumerate(events):
        pending.append(event)
        following = events[i + 1] if i + 1 < len(events) else None
        tie = following is not None and following["event_at"] == event["event_at"] and (
            (following.get("source_seq") or 0) == (event.get("source_seq") or 0))
        if tie:
            continue
        while pending:
            first = next((e for e in sorted(pending, key=_rank) if item.can(e["type"])),
                         pending[0])
            pending.remove(first)
            item.apply(first)
    item._settle()
    return item


_RANKS = ("CREATED", "TRANSFERRED", "QUEUED", "ANSWERED", "AGENT_MESSAGE", "HOLD_START", "HOLD_END",
          "ABANDONED", "DISCONNECTED", "WRAP_START", "WRAP_END", "RESOLVED", "CLOSED")


def _rank(event):
    return _RANKS.index(event["type"]) if event["type"] in _RANKS else len(_RANKS)


class History:
    def __init__(self, items, duplicates):
        self.items = items
        self.duplicates = duplicates
        self.visits = [v for item in items for v in item.visits]
        self.legs = [leg for item in items for leg in item.legs]


def recount(events):
    """What the events of one tenant say, in whichever order and however often they came."""
    seen = {}
    by_item = defaultdict(list)
    for event in events:
        seen.setdefault(identity(event), event)
    newest = {}
    for event in seen.values():
        key = identity(event)[:3]
        if key not in newest or newest[key].get("revision", 0) < event.get("revision", 0):
            newest[key] = event
    for event in newest.values():
        if event.get("direction", "INBOUND") in ("INBOUND", "UNKNOWN"):
            by_item[event["interaction_id"]].append(event)
    return History([_in_order(those) for those in by_item.values()], len(events) - len(seen))


def service_level_event(visit, within_ms, short_ms):
    """(at, letter) of the first of answer, abandon, flow-out, callback, the threshold passing."""
    if visit.ended_at is None or visit.wait_ms > within_ms:
        passed_at = visit.queued_at + within_ms
        return min(passed_at, visit.ended_at or passed_at), "L"
    if visit.how == "answered":
        return visit.ended_at, "Ain"
    if visit.how == "abandoned":
        return visit.ended_at, "Bs" if visit.wait_ms < short_ms else "Bin"
    return visit.ended_at, "C" if visit.how == "callback" else "F"


def contributions(history, within_ms=20_000, short_ms=0):
    """(scope, at, queued_at or None, counter, amount) of everything that counts."""
    ended = {"answered": "answered", "abandoned": "abandoned", "flow_out": "flowed_out",
             "callback": "callbacks"}
    for visit in history.visits:
        scope, arrival = visit.scope, visit.queued_at
        yield scope, arrival, arrival, "offered", 1
        at, letter = service_level_event(visit, within_ms, short_ms)
        yield scope, at, arrival, letter, 1
        if visit.ended_at is None:
            continue
        short = visit.how == "abandoned" and visit.wait_ms < short_ms
        yield scope, visit.ended_at, arrival, ended[visit.how], 1
        yield scope, arrival, arrival, "rate.d", 0 if short else 1
        if visit.how == "answered":
            yield scope, visit.ended_at, arrival, "wait", visit.wait_ms
        if visit.how == "abandoned":
            yield scope, visit.ended_at, arrival, "abandoned_short", int(short)
            yield scope, arrival, arrival, "rate.n", 0 if short else 1
    for leg in history.legs:
        if leg.ended_at is None:
            continue
        scope, arrival = leg.visit.scope, leg.visit.queued_at
        for name, amount in (("handled", 1), ("handle", leg.handle_ms), ("talk", leg.talk_ms),
                             ("hold", leg.given.get("hold_ms", leg.hold_ms)),
                             ("wrap", leg.given.get("wrap_ms", leg.wrap_ms)),
                             ("transferred", int(leg.transferred))):
            yield scope, leg.ended_at, arrival, name, amount
    for item in history.items:
        if item.first_reply:
            yield item.scope, item.first_reply[0], None, "replies", 1
            yield item.scope, item.first_reply[0], None, "reply", item.first_reply[1]
        for at, ms in item.resolutions:
            yield item.scope, at, None, "resolved", 1
            yield item.scope, at, None, "resolution", ms
        for at in item.reopenings:
            yield item.scope, at, None, "reopened", 1


def formulas(c):
    """metric -> (value, numerator, denominator) from the counters of one window."""
    out = {name: (c[name], None, None) for name in COUNTS}

    def ratio(name, n, d):
        out[name] = (n / d if d else None, n, d)

    ratio("asa_ms", c["wait"], c["answered"])
    ratio("abandon_rate", c["rate.n"], c["rate.d"])
    ratio("aht_ms", c["handle"], c["handled"])
    ratio("talk_ms", c["talk"], c["handled"])
    ratio("hold_ms", c["hold"], c["handled"])
    ratio("wrap_ms", c["wrap"], c["handled"])
    ratio("transfer_rate", c["transferred"], c["handled"])
    ratio("first_reply_ms", c["reply"], c["replies"])
    ratio("resolution_ms", c["resolution"], c["resolved"])
    ratio("reopen_rate", c["reopened"], c["resolved"])
    for variant in VARIANTS:
        ratio("service_level." + variant, *service_level(c, variant))
    out["service_level"] = out["service_level.answered_of_offered"]
    return out


def service_level(c, variant):
    ain, bs, bin_, late = c["Ain"], c["Bs"], c["Bin"], c["L"]
    if variant == "answered_of_offered":
        return ain, ain + bs + bin_ + late
    if variant == "abandon_ignored":
        return ain, ain + late
    if variant == "abandon_positive":
        return ain + bs + bin_, ain + bs + bin_ + late
    if variant == "removed_within":
        good = ain + bs + bin_ + c["C"]
        return good, good + c["F"] + late
    if variant == "short_excluded":
        return ain, ain + bin_ + late
    return ain, c["answered"]


def view_of(scope, dimensions):
    return tuple((name, scope[name]) for name in dimensions)


def _spans(history):
    for visit in history.visits:
        yield "waiting", visit.scope, visit.queued_at, visit.ended_at
    for leg in history.legs:
        yield "in_service", leg.visit.scope, leg.answered_at, leg.ended_at
    for item in history.items:
        for begin, end in item.open_spans:
            yield "backlog", item.scope, begin, end


def gauges(history, window_ms, end_at, views=VIEWS):
    """(view, window start) -> {gauge: n}: the state just before the window's end."""
    out = defaultdict(lambda: defaultdict(int))
    for name, scope, begin, end in _spans(history):
        last = min(end if end is not None else end_at, end_at)
        boundary = begin - begin % window_ms + window_ms
        while boundary <= last:  # it began before the boundary and ended at it or later
            for view in views:
                out[view_of(scope, view), boundary - window_ms][name] += 1
            boundary += window_ms
    return out


def windows(history, window_ms, within_ms=20_000, short_ms=0, views=VIEWS):
    """(view, window start) -> {metric: (value, n, d)}, the `arrival.` figures included."""
    counters = defaultdict(lambda: (defaultdict(int), defaultdict(int)))
    last_at = 0
    for scope, at, arrival, name, amount in contributions(history, within_ms, short_ms):
        last_at = max(last_at, at)
        for view in views:
            key = view_of(scope, view)
            counters[key, at - at % window_ms][0][name] += amount
            if arrival is not None:
                counters[key, arrival - arrival % window_ms][1][name] += amount
    out = {}
    for key, (by_event, by_arrival) in counters.items():
        out[key] = formulas(by_event)
        for name, figure in formulas(by_arrival).items():
            out[key]["arrival." + name] = figure
    standing = gauges(history, window_ms, last_at + window_ms, views)
    for key in standing.keys() | out.keys():
        figures = out.setdefault(key, {})
        for name in GAUGES:
            figures[name] = (standing[key][name] if key in standing else 0, None, None)
    return out


def step_of(window_ms):
    minutes = window_ms / 60_000
    return 10_000 if minutes <= 30 else 60_000 if minutes <= 240 else 300_000


@dataclass
class Objective:
    """at least TARGET of a service level; windows in ms."""
    per: tuple
    window_ms: int
    target: tuple  # as a fraction: (4, 5)
    clear: tuple | None = None
    within_ms: int = 20_000
    variant: str = "answered_of_offered"
    min_sample: int = 0
    hold_ms: int = 0
    when: dict = field(default_factory=dict)
    start_of: object = None  # of a period instead of a window: begin of the one that holds `at`


@dataclass
class Episode:
    scope: tuple
    opened_at: int
    condition_at: int
    numerator: int
    denominator: int
    resolved_at: int | None = None
    how: str | None = None


def judge(figures, scope, objective):
    """Walks (step, numerator, denominator) and returns the episodes of one scope."""
    target, clear = objective.target, objective.clear or objective.target
    episodes, pending, firing, below = [], None, None, None
    for t, n, d in figures:
        began = firing.opened_at if firing is not None else pending
        if objective.start_of and began is not None:
            if objective.start_of(began - 1) != objective.start_of(t - 1):
                if firing is not None:  # its period is over, and so is the episode
                    firing.resolved_at, firing.how = objective.start_of(t - 1), "EXPIRED"
                pending = firing = below = None
        enough = d >= objective.min_sample and d > 0
        if firing is not None:
            if enough:
                below = None
                if n * clear[1] >= clear[0] * d:
                    firing.resolved_at, firing.how, firing = t, "RESOLVED", None
                continue
            below = t if below is None else below
            if not objective.start_of and t - below >= objective.window_ms:
                firing.resolved_at, firing.how, firing, below = t, "EXPIRED", None, None
            continue
        if not enough or n * target[1] >= target[0] * d:
            pending = None
            continue
        pending = t if pending is None else pending
        if t - pending >= objective.hold_ms:
            firing = Episode(scope, pending, t, n, d)
            episodes.append(firing)
            pending = below = None
    return episodes


def episodes(history, objective, end_at=None, short_ms=0):
    """Every episode of an objective, at every step of its window, scope by scope."""
    good, all_ = defaultdict(list), defaultdict(list)
    for visit in history.visits:
        if any(visit.scope[name] not in those for name, those in objective.when.items()):
            continue
        at, letter = service_level_event(visit, objective.within_ms, short_ms)
        one = defaultdict(int, {letter: 1})
        if objective.variant == "answered_only":
            if visit.how != "answered":
                continue
            at, one["answered"] = visit.ended_at, 1
        n, d = service_level(one, objective.variant)
        key = view_of(visit.scope, objective.per)
        good[key] += [at] * n
        all_[key] += [at] * d
    out = []
    for key, times in sorted(all_.items()):
        out += judge(_figures(sorted(good[key]), sorted(times), objective, end_at), key, objective)
    return out


def _figures(good, times, objective, end_at):
    window_ms, start_of = objective.window_ms, objective.start_of
    step = 300_000 if start_of else step_of(window_ms)
    t = times[0] - times[0] % step
    last = end_at if end_at is not None else times[-1] + 2 * window_ms + step
    while t <= last:
        start = start_of(t - 1) if start_of else t - window_ms
        yield (t, bisect_left(good, t) - bisect_left(good, start),
               bisect_left(times, t) - bisect_left(times, start))
        t += step
