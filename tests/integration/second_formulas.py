"""A second implementation of figures and periods, from their definitions: CONTRACT's metrics,
windows and periods, domain.md 3.1 and 3.2, docs/decisions. It looks at whole histories and adds up
lists, where the program folds event by event and keeps panes, running sums and histograms.

Instants are milliseconds since 1970 in UTC. An event is a record of InteractionEvent.
"""

import bisect
import datetime as dt
import math
from collections import defaultdict
from dataclasses import dataclass, field

from second_clocks import EPOCH, at_local

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NEVER = math.inf
ROLLING = {"1m": MINUTE, "5m": 5 * MINUTE, "15m": 15 * MINUTE, "30m": 30 * MINUTE, "1h": HOUR,
           "4h": 4 * HOUR, "8h": 8 * HOUR, "24h": DAY}
ALIGNED = {"15m": 15, "30m": 30, "1h": 60}           # minutes of local time
PERIODS = ("today", "week", "month", "quarter")
VIEWS = ((), ("vendor",), ("site",), ("queue",), ("channel",), ("site", "queue"),
         ("site", "queue", "channel"))
VOID = ("SPAM", "MERGED")


@dataclass
class Visit:
    scope: dict
    counted: bool                 # an inbound one
    since: int
    until: float = NEVER
    how: str = ""                 # answered abandoned flowed_out callbacks; "": never ended
    wait: float = 0
    taken_out: bool = False


@dataclass
class Leg:
    visit: Visit
    since: int
    left: float = NEVER           # the customer
    until: float = NEVER
    holds: list = field(default_factory=list)
    wrap_since: float = NEVER
    transferred: bool = False
    said: dict = field(default_factory=dict)
    is_open: bool = True
    aged: bool = False

    def times(self):
        """(talk, hold, wrap)"""
        hold = self.said.get("hold_ms", sum(b - a for a, b in self.holds))
        wrap = self.until - self.wrap_since if self.wrap_since < NEVER else 0
        rest = self.until - self.since - hold
        if wrap:                      # else what is measured lies behind the end
            rest -= self.said.get("wrap_ms", wrap)
        return (self.said.get("talk_ms", max(0, rest)), hold, self.said.get("wrap_ms", wrap))


class Case:
    """One interaction: what its events, in their order, made of it."""

    def __init__(self, events, ageing, end, heard=0):
        """`heard`: when something of it came later than `reorder`; silence counts from there."""
        self.visits, self.legs, self.open = [], [], []
        self.first_replies, self.next_replies, self.resolved, self.reopened = [], [], [], []
        self.closed = []
        self.created = self.reply_from = self.turn = None
        self.replied = False
        self.first = events[0]["event_at"]
        self.scope = scope_of(next((e for e in events if e["type"] == "CREATED"), events[0]))
        self.inbound = events[0]["direction"] != "OUTBOUND"
        self.channel = events[0]["channel"]
        self.voice = self.channel == "VOICE"
        self.aged_at = NEVER
        for event in events:
            if event["type"] not in ("WRAP_START", "WRAP_END"):
                self.settle()
            getattr(self, "on_" + event["type"].lower())(event, event["event_at"])
        self.settle()
        self.age(max(heard, events[-1]["event_at"]) + ageing, end)

    # ---- what is open ----

    def waiting(self):
        return self.visits[-1] if self.visits and self.visits[-1].until == NEVER else None

    def leg(self):
        return self.legs[-1] if self.legs and self.legs[-1].is_open else None

    def begin(self, at):
        if not self.open or self.open[-1][1] < NEVER:
            self.open.append([at, NEVER])

    def shut(self, at):
        if self.open and self.open[-1][1] == NEVER:
            self.open[-1][1] = at

    def age(self, at, end):
        """What never ended is closed, and counts as nothing."""
        if at > end:
            return
        visit, leg = self.waiting(), self.leg()
        self.aged_at = at
        if visit:
            visit.until = at
        if leg:
            leg.until, leg.is_open, leg.aged = at, False, True
        self.shut(at)

    def reply_ends(self):
        """(when the clock of the first reply ends, with a verdict, because nothing came)"""
        ends = [(at, False, False) for at, _ in self.resolved] + [
            (at, False, False) for at in self.closed] + [(self.aged_at, False, True)]
        return min([(self.created + ms, True, False) for _, ms in self.first_replies] + ends)

    # ---- visits ----

    def enter(self, event, at):
        self.visits.append(Visit(scope_of(event), self.inbound, at))
        self.begin(at)

    def leave(self, event, at, how, goes_on=False):
        visit = self.waiting()
        visit.until, visit.how, visit.wait = at, how, at - visit.since
        if event.get("queue_wait_ms") is not None:
            visit.wait = event["queue_wait_ms"]
        if how != "answered" and not goes_on:
            self.turn = None         # who leaves waits for no reply
        if how != "answered" and self.created is None:
            self.shut(at)

    def take_out(self, at):
        if self.visits:
            self.visits[-1].taken_out = True
            self.visits[-1].until = min(self.visits[-1].until, at)

    def on_queued(self, event, at):
        if self.waiting():
            self.leave(event, at, "flowed_out", goes_on=True)
        if self.leg():
            self.end_leg(at, transferred=True)
        if self.reply_from is None and self.inbound:
            self.reply_from = at
        self.enter(event, at)

    def on_answered(self, event, at):
        if not self.waiting():
            if self.reply_from is None and self.inbound:
                self.reply_from = at
            self.enter(event, at)
        self.leave(event, at, "answered")
        self.legs.append(Leg(self.visits[-1], at))
        if self.voice:
            self.reply(at)

    def on_abandoned(self, event, at):
        self.leave(event, at, "abandoned")

    def on_flow_out(self, event, at):
        self.leave(event, at, "flowed_out")

    on_dequeued = on_flow_out

    def on_callback_requested(self, event, at):
        self.leave(event, at, "callbacks")

    # ---- legs ----

    def end_leg(self, at, transferred=False):
        leg = self.leg()
        leg.left = min(leg.left, at)
        leg.until, leg.transferred, leg.is_open = at, transferred, False
        if leg.holds and leg.holds[-1][1] == NEVER:
            leg.holds[-1][1] = at
        if self.created is None:
            self.shut(at)

    def settle(self):
        """Who has left and whose agent does not wrap up is done."""
        leg = self.leg()
        if leg and leg.left < NEVER and leg.wrap_since == NEVER:
            self.end_leg(leg.left)

    def measured(self, event):
        self.leg().said |= {name: event[name] for name in ("talk_ms", "hold_ms", "wrap_ms")
                            if event.get(name) is not None}

    def on_hold_start(self, _, at):
        self.leg().holds.append([at, NEVER])

    def on_hold_end(self, _, at):
        self.leg().holds[-1][1] = at

    def on_transferred(self, event, at):
        self.measured(event)
        self.end_leg(at, transferred=True)

    def on_disconnected(self, event, at):
        cause = event["end_cause"]
        if self.waiting() and cause in VOID:
            self.take_out(at)
            self.shut(at)
        elif self.waiting():
            self.leave(event, at, "abandoned" if cause in ("UNKNOWN", "CUSTOMER") else "flowed_out")
        elif self.leg():
            self.measured(event)
            leg = self.leg()
            leg.left = at
            if leg.holds and leg.holds[-1][1] == NEVER:
                leg.holds[-1][1] = at
            if cause in VOID:
                self.take_out(at)
                self.end_leg(at)
                self.shut(at)

    def on_wrap_start(self, event, at):
        self.measured(event)
        self.leg().wrap_since = at

    def on_wrap_end(self, event, at):
        self.measured(event)
        self.end_leg(at)

    def on_record_snapshot(self, event, _):
        """What it says wins over what events measured."""
        self.visits[-1].wait = event.get("queue_wait_ms", self.visits[-1].wait)
        if self.visits[-1].how == "answered":
            self.legs[-1].said |= {name: event[name] for name in ("talk_ms", "hold_ms", "wrap_ms")
                                   if event.get(name) is not None}

    # ---- the whole ----

    def on_created(self, _, at):
        self.created = at
        if self.inbound:
            self.reply_from = at
        self.begin(at)

    def on_closed(self, event, at):
        if self.waiting() or self.leg():
            self.on_disconnected(event, at)
            self.settle()
        self.turn = None
        self.closed.append(at)
        self.shut(at)

    def on_cancelled(self, _, at):
        self.take_out(at)
        if self.leg():
            self.end_leg(at)
        self.turn = None
        self.shut(at)

    on_merged = on_cancelled

    def on_resolved(self, _, at):
        begun = self.created if self.created is not None else self.first
        self.resolved.append((at, at - begun))
        self.turn = None
        self.shut(at)

    def on_reopened(self, _, at):
        self.reopened.append(at)
        self.begin(at)

    # ---- messages ----

    def reply(self, at):
        if not self.replied and self.reply_from is not None:
            self.first_replies.append((at, at - self.reply_from))
        self.replied = True

    def on_customer_message(self, _, at):
        if self.turn is None:
            self.turn = at

    def on_agent_message(self, event, at):
        if not event.get("public", True) or event["author"] not in ("AGENT", "SUPERVISOR"):
            return
        self.reply(at)
        if self.turn is not None:
            self.next_replies.append((at, at - self.turn))
        self.turn = None

    def on_bot_message(self, event, at):
        """What a bot says is no reply."""

    on_status_changed = on_priority_changed = on_offered = on_consult_start = on_bot_message
    on_consult_end = on_bot_message


def scope_of(event):
    return {"vendor": event["vendor_id"], "site": event["site_id"], "queue": event["queue_id"],
            "channel": event["channel"].lower()}


# ---- counts ----

def level_event(visit, within, short):
    """(when the visit counts for a service level, as what). The first of its end and of T passing,
    also where the source measured a wait above T that ended before."""
    passes = visit.since + within
    if not visit.how:                # nobody knows how it ended
        return (passes, "L") if visit.until > passes else (None, "")
    if visit.wait > within:
        return min(passes, visit.until), "L"
    return visit.until, {"answered": "A", "abandoned": "S" if visit.wait < short else "G",
                         "callbacks": "C", "flowed_out": "F"}[visit.how]


def visit_counts(visit, withins, short):
    """(at, arrival, counter, amount)"""
    at, how, since = visit.until, visit.how, visit.since
    yield since, since, "offered", 1
    for within in withins:
        level_at, letter = level_event(visit, within, short)
        if level_at is not None:
            yield level_at, since, f"{letter}{within}", 1
    if how:
        is_short = how == "abandoned" and visit.wait < short
        yield at, since, how, 1
        yield since, since, "rate.d", int(not is_short)
        yield since, since, "rate.n", int(how == "abandoned" and not is_short)
        if how == "answered":
            yield at, since, "wait", visit.wait
        if is_short:
            yield at, since, "abandoned_short", 1


def leg_counts(leg):
    talk, hold, wrap = leg.times()
    for name, amount in (("handled", 1), ("talk", talk), ("hold", hold), ("wrap", wrap),
                         ("transferred", int(leg.transferred))):
        yield leg.until, leg.visit.since, name, amount


def clock_counts(start, stop, judged, aged, warn, target):
    """(at, None, counter, 1) of a clock without calendar that nothing pauses. What comes at the
    very instant of a mark is in time."""
    if stop > start + warn:
        yield start + warn, None, "items_at_risk", 1
    missed = stop > start + target
    if missed:
        yield start + target, None, "items_breached", 1
    if stop < NEVER and not aged and (judged or missed):
        yield stop, None, "missed" if missed else "met", 1


class Book:
    """All counts of one tenant, by scope of a view, to be asked for any stretch of time."""

    def __init__(self, cases, withins, short, clocks, now):
        """`clocks`: {"answer": (warn, target), "reply": ...} of calls and of tickets; `now`: how
        far time has come."""
        self.clocks, self.now = clocks, now
        self.counts = defaultdict(lambda: defaultdict(list))     # scope -> counter -> [(at, n)]
        self.samples = defaultdict(lambda: defaultdict(list))    # scope -> histogram -> [(at, ms)]
        self.spans = defaultdict(lambda: defaultdict(list))      # scope -> gauge -> [(from, to)]
        for case in cases:
            self.add_case(case, withins, short)
        for by_name in self.counts.values():
            for name, rows in by_name.items():
                rows.sort()
                sums = [0]
                for _, amount in rows:
                    sums.append(sums[-1] + amount)
                by_name[name] = [at for at, _ in rows], sums
        for by_name in self.samples.values():
            for rows in by_name.values():
                rows.sort()

    def add(self, table, scope, name, row):
        for view in VIEWS:
            table[tuple((d, scope[d]) for d in view)][name].append(row)

    def add_counts(self, scope, rows):
        for at, arrival, name, amount in rows:
            self.add(self.counts, scope, name, (at, amount))
            if arrival is not None:
                self.add(self.counts, scope, "arrival." + name, (arrival, amount))

    def add_clock(self, scope, *clock):
        self.add_counts(scope, [row for row in clock_counts(*clock) if row[0] < self.now])

    def add_case(self, case, withins, short):
        for visit in case.visits:
            if not visit.counted or visit.taken_out:
                continue
            if case.voice:
                self.add_clock(visit.scope, visit.since, visit.until, visit.how == "answered",
                               not visit.how, *self.clocks["answer"])
            self.add_counts(visit.scope, visit_counts(visit, withins, short))
            self.add(self.spans, visit.scope, "waiting", (visit.since, visit.until))
            if visit.how == "answered":
                self.add(self.samples, visit.scope, "wait", (visit.until, visit.wait))
                self.add(self.samples, visit.scope, "arrival.wait", (visit.since, visit.wait))
        for leg in case.legs:
            self.add(self.spans, leg.visit.scope, "in_service", (leg.since, leg.until))
            if leg.is_open or leg.aged:
                continue
            self.add_counts(leg.visit.scope, leg_counts(leg))
            handle = sum(leg.times())
            self.add(self.samples, leg.visit.scope, "handle", (leg.until, handle))
            self.add(self.samples, leg.visit.scope, "arrival.handle", (leg.visit.since, handle))
        self.add_whole(case)

    def add_whole(self, case):
        if case.channel == "TICKET" and case.created is not None:
            stop, judged, aged = case.reply_ends()
            self.add_clock(case.scope, case.created, stop, judged, aged, *self.clocks["reply"])
        for begin, end in case.open:
            self.add(self.spans, case.scope, "backlog", (begin, end))
        for name, rows in (("first_reply", case.first_replies), ("next_reply", case.next_replies),
                           ("resolution", case.resolved)):
            for at, ms in rows:
                self.add_counts(case.scope, [(at, None, name, 1), (at, None, name + ".ms", ms)])
                self.add(self.samples, case.scope, name, (at, ms))
        for at in case.reopened:
            self.add_counts(case.scope, [(at, None, "reopened", 1)])

    # ---- figures ----

    def sum(self, scope, name, begin, end):
        times, sums = self.counts[scope].get(name, ([], [0]))
        return sums[bisect.bisect_left(times, end)] - sums[bisect.bisect_left(times, begin)]

    def any(self, scope, begin, end):
        return any(bisect.bisect_left(times, end) > bisect.bisect_left(times, begin)
                   for times, _ in self.counts[scope].values())

    def moved(self, scope, begin, end):
        """Something began or ended to wait, to be served, or to be open."""
        return any(begin <= edge < end for spans in self.spans[scope].values()
                   for span in spans for edge in span)

    def gauge(self, scope, name, at):
        return sum(begin < at <= end for begin, end in self.spans[scope][name])

    def quantile(self, scope, name, share, begin, end):
        """(value, sample)"""
        rows = self.samples[scope][name]
        inside = sorted(ms for at, ms in rows[bisect.bisect_left(rows, (begin,)):
                                              bisect.bisect_left(rows, (end,))])
        if not inside:
            return None, 0
        return inside[max(0, math.ceil(share * len(inside)) - 1)], len(inside)


MEANS = {"asa_ms": (("wait",), "answered"), "talk_ms": (("talk",), "handled"),
         "hold_ms": (("hold",), "handled"), "wrap_ms": (("wrap",), "handled"),
         "aht_ms": (("talk", "hold", "wrap"), "handled"),
         "transfer_rate": (("transferred",), "handled"),
         "first_reply_ms": (("first_reply.ms",), "first_reply"),
         "next_reply_ms": (("next_reply.ms",), "next_reply"),
         "resolution_ms": (("resolution.ms",), "resolution"),
         "reopen_rate": (("reopened",), "resolution")}
COUNTS = ("items_at_risk", "items_breached", "offered", "answered", "abandoned",
          "abandoned_short", "flowed_out", "callbacks", "handled", "transferred", "reopened")
GAUGES = ("waiting", "in_service", "backlog")
QUANTILES = {"wait_p50_ms": ("wait", 0.5), "wait_p90_ms": ("wait", 0.9),
             "wait_p95_ms": ("wait", 0.95), "handle_p90_ms": ("handle", 0.9),
             "first_reply_p90_ms": ("first_reply", 0.9),
             "resolution_p90_ms": ("resolution", 0.9)}
ELSEWHERE = ("journey", "effort_ms", "concurrency", "forecast_")  # journeys.py; no forecasts here
# Numerator and denominator, of A S G C F L and of all that are answered.
VARIANTS = {"answered_of_offered": ("A", "ASGL"), "abandon_ignored": ("A", "AL"),
            "abandon_positive": ("ASG", "ASGL"), "removed_within": ("ASGC", "ASGCFL"),
            "short_excluded": ("A", "AGL"), "answered_only": ("A", None)}


@dataclass
class Figure:
    value: float | None
    numerator: int | None = None
    denominator: int | None = None
    near: bool = False            # within 1 % is right


def level(book, scope, name, first, begin, end, prefix):
    """`first`: (variant, within) of the first objective."""
    words = name.split(".")
    variant = words[1] if len(words) > 1 else first[0]
    within = int(words[2].removeprefix("within_")) if len(words) > 2 else first[1]
    over, under = VARIANTS[variant]

    def total(letters):
        return sum(book.sum(scope, f"{prefix}{c}{within}", begin, end) for c in letters)
    n = total(over)
    return n, total(under) if under else book.sum(scope, prefix + "answered", begin, end)


def figure(book, scope, metric, first, begin, end):
    """The metric over [begin, end); None: one of those that another oracle knows."""
    prefix = "arrival." if metric.startswith("arrival.") else ""
    name = metric.removeprefix("arrival.")
    if name in COUNTS:
        return Figure(book.sum(scope, prefix + name, begin, end))
    if name in GAUGES:
        return Figure(book.gauge(scope, name, end))
    if name in QUANTILES:
        histogram, share = QUANTILES[name]
        value, sample = book.quantile(scope, prefix + histogram, share, begin, end)
        return Figure(value, None, sample, near=True)
    if name in MEANS:
        over, under = MEANS[name]
        n = sum(book.sum(scope, prefix + part, begin, end) for part in over)
        d = book.sum(scope, prefix + under, begin, end)
    elif name == "attainment":
        n, d = (sum(book.sum(scope, c, begin, end) for c in those)
                for those in (("met",), ("met", "missed")))
    elif name == "abandon_rate":                 # at QUEUED in either form
        n, d = (book.sum(scope, "rate." + part, begin, end) for part in "nd")
    elif name.startswith("service_level"):
        n, d = level(book, scope, name, first, begin, end, prefix)
    elif name.startswith(ELSEWHERE):
        return None
    else:
        raise LookupError(f"{metric} is not known here: say what it is, or who knows it")
    return Figure(n / d if d else None, n, d)


# ---- windows ----

def local(at, zone):
    return (EPOCH + dt.timedelta(milliseconds=at)).astimezone(zone).replace(tzinfo=None)


def start_of(period, at, zone, week_starts):
    """The local midnight at which the period of this instant began."""
    day = local(at, zone).date()
    if period == "week":
        day -= dt.timedelta(days=(day.weekday() - week_starts) % 7)
    elif period == "month":
        day = day.replace(day=1)
    elif period == "quarter":
        day = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return at_local(dt.datetime.combine(day, dt.time()), zone, last=False)


def end_of(period, at, zone, week_starts):
    day = local(start_of(period, at, zone, week_starts), zone).date()
    if period == "today":
        day += dt.timedelta(days=1)
    elif period == "week":
        day += dt.timedelta(days=7)
    else:
        months = 1 if period == "month" else 3
        day = (day.replace(day=28) + dt.timedelta(days=31 * (months - 1) + 4)).replace(day=1)
    return at_local(dt.datetime.combine(day, dt.time()), zone, last=False)


def aligned(window, begin, end, zone):
    """The windows of a length in local time that close in (begin, end]: between its multiples. One
    that comes twice is two, one that clocks jump over is the jump."""
    minute, marks = ALIGNED[window], set()
    wall = local(begin, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    last = local(end, zone) + dt.timedelta(hours=2)
    while wall <= last:
        marks |= {at_local(wall, zone, last=fold) for fold in (False, True)}
        wall += dt.timedelta(minutes=minute)
    marks = sorted(marks)
    return [(a, b) for a, b in zip(marks, marks[1:]) if begin < b <= end]
