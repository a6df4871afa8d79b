"""A second implementation of clocks and opening hours, from their definitions: domain.md 2.4 and
3.4, CONTRACT, docs/decisions. It looks at a whole history at once and keeps lists of intervals,
where the program folds event by event and keeps sums.

Instants are milliseconds since 1970 in UTC, intervals are pairs of them.
"""

import bisect
import datetime as dt
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

MINUTE = 60_000
DAY = 86_400_000
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
NEVER = None


def instant(moment):
    return (moment - EPOCH) // dt.timedelta(milliseconds=1)


def exists(wall, zone):
    there = wall.replace(tzinfo=zone).astimezone(dt.timezone.utc).astimezone(zone)
    return there.replace(tzinfo=None) == wall


def jump_of(wall, zone):
    """The instant at which the clocks jump over this local time."""
    def offset(at):
        return (EPOCH + dt.timedelta(milliseconds=at)).astimezone(zone).utcoffset()
    guesses = [instant(wall.replace(tzinfo=zone, fold=fold)) for fold in (0, 1)]
    low, high = min(guesses) - 180 * MINUTE, max(guesses) + 180 * MINUTE
    first = offset(low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset(middle) == first else (low, middle)
    return high


def at_local(wall, zone, last):
    """The instant of a local time: of one that comes twice the first or the last."""
    if not exists(wall, zone):
        return jump_of(wall, zone)
    return instant(wall.replace(tzinfo=zone, fold=int(last)))


@dataclass
class Hours:
    """A calendar of a contract. Spans are (from, to) in minutes of the day on which it opens."""
    zone: str
    weekly: dict                                     # weekday 0..6 -> [(from, to)]
    dates: dict = field(default_factory=dict)        # date -> [(from, to)]: holidays, exceptions
    spans: list = field(default_factory=list, repr=False)

    def compile(self, first, last):
        """Open intervals of the days [first, last]."""
        zone, out, day = ZoneInfo(self.zone), [], first
        while day <= last:
            midnight = dt.datetime.combine(day, dt.time())
            for start, end in self.dates.get(day, self.weekly.get(day.weekday(), [])):
                end += 1440 if end <= start else 0
                opens = at_local(midnight + dt.timedelta(minutes=start), zone, last=False)
                closes = at_local(midnight + dt.timedelta(minutes=end), zone, last=True)
                if opens < closes:
                    out.append((opens, closes, day))
            day += dt.timedelta(days=1)
        self.days = {}
        for opens, _, day in out:
            self.days[day] = min(opens, self.days.get(day, opens))
        self.spans = []
        for opens, closes, _ in sorted(out):
            if self.spans and opens <= self.spans[-1][1]:
                self.spans[-1] = (self.spans[-1][0], max(closes, self.spans[-1][1]))
            else:
                self.spans.append((opens, closes))
        self.starts = [s[0] for s in self.spans]

    def opening(self, at):
        """`at` when it is open then, else the next opening."""
        return next(self.open_in(at, at + HORIZON))[0]

    def days_after(self, at, count):
        """The same local time so many open days later; a night is of the day it began on."""
        at, zone = self.opening(at), ZoneInfo(self.zone)
        days = sorted(self.days)
        own = bisect.bisect_right(days, at, key=self.days.get) - 1
        wall = (EPOCH + dt.timedelta(milliseconds=at)).astimezone(zone).replace(tzinfo=None)
        return at_local(wall + (days[own + count] - days[own]), zone, last=True)

    def open_in(self, start, end):
        """What is open of [start, end), as intervals."""
        first = max(0, bisect.bisect_right(self.starts, start) - 1)
        for opens, closes in self.spans[first:]:
            if opens >= end:
                return
            if closes > start:
                yield max(opens, start), min(closes, end)


class Always:
    def open_in(self, start, end):
        if start < end:
            yield start, end


ALWAYS = Always()
HORIZON = 400 * DAY


def open_ms(hours, intervals):
    return sum(b - a for i in intervals for a, b in hours.open_in(*i))


def due(hours, since, left_ms):
    """The first instant at which so much has been open since then."""
    if left_ms <= 0:
        return since
    for opens, closes in hours.open_in(since, since + HORIZON):
        if closes - opens >= left_ms:
            return opens + left_ms
        left_ms -= closes - opens
    return NEVER


@dataclass
class Rule:
    name: str
    kind: str
    target_ms: int                                   # or so many business days
    hours: object = ALWAYS
    calendar: str = ""
    when: dict = field(default_factory=dict)         # priority, queue -> words
    pause_on: frozenset = frozenset()
    handoff: bool = False
    bots_count: bool = False
    days: int = 0
    on_resolve: str = ""                             # "": not said
    on_reopen: str = ""

    def fits(self, facts):
        return all(facts[key] in words for key, words in self.when.items())


@dataclass
class Clock:
    """One clock of one interaction: all the times in which it ran, and under which rule."""
    rule: Rule
    since: int | None        # it runs since; None: it stands
    started: int
    silent: bool = False     # by a rule that would fit elsewhere: nobody is told
    ran: list = field(default_factory=list)
    kept_ms: int = 0         # counted before `ran`, under other rules
    breach: int | None = None
    ended: bool = False
    verdict: bool = True     # its end says met or missed

    def elapsed(self, at):
        now = [(self.since, at)] if self.since is not None and at > self.since else []
        return self.kept_ms + open_ms(self.rule.hours, self.ran + now)

    def deadline(self):
        rule, hours = self.rule, self.rule.hours
        if self.since is None:
            return NEVER
        had = self.kept_ms + open_ms(hours, self.ran)
        if not rule.days:
            return due(hours, self.since, rule.target_ms - had)
        day = hours.days_after(self.started, rule.days)
        left = open_ms(hours, [(self.started, day)]) - had
        if left == open_ms(hours, [(self.since, day)]) and day >= self.since:
            return day
        return hours.opening(due(hours, self.since, left)) if left > 0 else self.since

    def stand(self, at):
        if self.since is not None:
            self.ran.append((self.since, at))
            self.since = None

    def state(self):
        if self.silent:
            return "none"
        if self.ended:
            return "met" if self.breach is None else "missed"
        if self.breach is not None:
            return "breached"
        return "running" if self.since is not None else "paused"


ON_REOPEN = {"first_reply": "ignore", "next_reply": "new", "periodic_update": "new",
             "resolution": "continue", "requester_wait": "continue", "agent_work": "continue"}
OWED = ("first_reply", "next_reply", "periodic_update")    # a message is owed
SPENT = ("resolution", "requester_wait", "agent_work")     # time is spent
HEARD = ("requester_wait", "agent_work")                   # the customer's word resumes them


class History:
    """What the clocks of one interaction are after its events; an event is a dict as in an
    example of a contract, with `at` an instant."""

    def __init__(self, rules, statuses, common):
        self.rules, self.statuses = rules, statuses
        self.facts = {"priority": common.get("priority"), "queue": common.get("queue"),
                      "channel": common["channel"]}
        self.status = None
        self.heard = False           # the customer wrote since the status was said
        self.clocks = {}
        self.waiting = self.replied = self.over = self.begun = self.created = False

    # ---- rules ----

    def choose(self, kind):
        """(rule, silent): the first that fits, else the first that would fit elsewhere."""
        rules = [r for r in self.rules if r.kind == kind]
        fits = [r for r in rules if r.fits(self.facts)]
        if fits or kind == "speed_of_answer":
            return fits[0] if fits else None, False
        return (rules[0], True) if rules else (None, False)

    def begin(self, kind, at):
        clock = self.clocks.get(kind)
        rule, silent = self.choose(kind)
        if rule is None or (clock is not None and not clock.ended):
            return
        self.clocks[kind] = Clock(rule, at, at, silent)
        self.take_status(kind, at)

    def end(self, kind, at, verdict=True):
        clock = self.clocks.get(kind)
        if clock is not None and not clock.ended:
            clock.stand(at)
            clock.ended, clock.verdict = True, verdict or clock.breach is not None

    def match_again(self, at):
        for kind, clock in list(self.clocks.items()):
            if clock.ended:
                continue
            rule, silent = self.choose(kind)
            if rule is None:
                del self.clocks[kind]
            elif silent:
                clock.silent, clock.breach = True, None
            elif rule is not clock.rule or clock.silent:
                self.take_over(clock, rule, at)
            if kind in self.clocks:
                self.take_status(kind, at)
        if self.waiting:
            self.begin_late("speed_of_answer", self.waiting, at)

    def take_over(self, clock, rule, at):
        """The time since the start counts in the new hours, unless the clock stood for a part of
        the old ones: then what it had is kept."""
        had = clock.elapsed(at)
        whole = had == open_ms(clock.rule.hours, [(clock.started, at)])
        if clock.since is not None:
            clock.ran, clock.kept_ms = ([(clock.started, at)], 0) if whole else ([], had)
            clock.since = at
        else:
            clock.ran, clock.kept_ms = [], had
        clock.rule, clock.breach, clock.silent = rule, None, False

    def begin_late(self, kind, start, at):
        rule, silent = self.choose(kind)
        if kind not in self.clocks and rule is not None:
            self.clocks[kind] = Clock(rule, at, start, silent, [(start, at)])
            self.take_status(kind, at)

    def take_status(self, kind, at):
        clock = self.clocks[kind]
        if self.status in clock.rule.pause_on and not (self.heard and kind in HEARD):
            clock.stand(at)
        elif clock.since is None:
            clock.since = at

    def take_statuses(self, at):
        for kind, clock in self.clocks.items():
            if not clock.ended:
                self.take_status(kind, at)

    # ---- events ----

    def pass_time(self, at):
        """Deadlines before `at` are breaches, each at its own instant."""
        for clock in self.clocks.values():
            deadline = clock.deadline()
            if not clock.silent and clock.breach is None and deadline is not NEVER and \
                    deadline < at:
                clock.breach = deadline

    def apply(self, event):
        self.pass_time(event["at"])
        getattr(self, "on_" + event["type"])(event)

    def owe_first_reply(self, at):
        """From the first event that opens it, or from the hand-off."""
        rule, _ = self.choose("first_reply")
        self.begun = True
        if not (rule and rule.handoff):
            self.begin("first_reply", at)

    def on_created(self, e):
        self.created = True
        self.owe_first_reply(e["at"])
        for kind in ("resolution", "periodic_update", "requester_wait", "agent_work"):
            self.begin(kind, e["at"])

    def on_bot_handoff(self, e):
        rule, _ = self.choose("first_reply")
        if not self.replied and rule and rule.handoff and "first_reply" not in self.clocks:
            self.begin("first_reply", e["at"])

    def on_queued(self, e):
        self.facts["queue"] = e.get("queue", self.facts["queue"])
        self.waiting = e["at"]
        self.clocks.pop("speed_of_answer", None)
        if not self.begun:
            self.owe_first_reply(e["at"])
        self.begin("speed_of_answer", e["at"])
        self.match_again(e["at"])

    def on_answered(self, e):
        if not self.waiting:             # nobody said that it was queued: it waited no time
            self.clocks.pop("speed_of_answer", None)
            if not self.begun:
                self.owe_first_reply(e["at"])
            self.begin("speed_of_answer", e["at"])
        self.waiting = False
        self.end("speed_of_answer", e["at"])
        if self.facts["channel"] == "voice":
            self.first_reply(e["at"])

    def on_abandoned(self, e):
        self.waiting = False
        self.end("speed_of_answer", e["at"], verdict=False)
        for kind in OWED:
            self.end(kind, e["at"], verdict=False)
        for kind in HEARD:
            self.end(kind, e["at"])
        if self.facts["channel"] == "voice":
            self.end("resolution", e["at"], verdict=False)

    def first_reply(self, at):
        if not self.replied:
            self.replied = True
            self.end("first_reply", at)

    def bots_count(self, kind):
        clock = self.clocks.get(kind)
        if kind == "first_reply":        # what a bot says before the hand-off is none
            return clock is not None and clock.rule.bots_count
        rule = clock.rule if clock and not clock.ended else self.choose(kind)[0]
        return bool(rule) and rule.bots_count

    def on_agent_message(self, e):
        if not e.get("public", True) or e.get("author") in ("customer", "system"):
            return
        human = e.get("author") != "bot"
        if human or self.bots_count("first_reply"):
            self.first_reply(e["at"])
        if human or self.bots_count("next_reply"):
            self.end("next_reply", e["at"])
        if human or self.bots_count("periodic_update"):
            self.end("periodic_update", e["at"])
            if self.created and not self.over:
                self.begin("periodic_update", e["at"])

    def on_bot_message(self, e):
        self.on_agent_message({**e, "author": "bot"})

    def on_customer_message(self, e):
        self.heard = self.status is not None
        self.take_statuses(e["at"])
        self.begin("next_reply", e["at"])

    def on_status_changed(self, e):
        self.status, self.heard = self.statuses.get(e["status"]), False
        self.take_statuses(e["at"])

    def on_priority_changed(self, e):
        self.facts["priority"] = e["priority"]
        self.match_again(e["at"])

    def on_resolved(self, e):
        self.over = True
        for kind in SPENT:
            self.end(kind, e["at"])
        for kind in OWED:
            clock = self.clocks.get(kind)
            if clock is not None and not clock.ended:
                usual = "void" if kind == "first_reply" else "met"
                how = clock.rule.on_resolve or usual
                self.end(kind, e["at"], verdict=how == "met")

    def on_reopened(self, e):
        self.over = False
        for kind, usual in ON_REOPEN.items():
            rule, _ = self.choose(kind)
            how = rule and (rule.on_reopen or usual)
            clock = self.clocks.get(kind)
            if how == "new":
                self.begin_anew(kind, e["at"])
            elif how == "continue" and clock is not None and clock.ended and not (
                    kind == "first_reply" and self.replied):
                clock.ended, clock.verdict = False, True
                clock.since = clock.started = e["at"]
                self.take_status(kind, e["at"])
        self.match_again(e["at"])

    def begin_anew(self, kind, at):
        clock = self.clocks.get(kind)
        if clock is not None and not clock.ended:
            return
        if kind == "first_reply":
            self.replied = False
        if self.created or kind in ("next_reply", "first_reply"):
            self.begin(kind, at)

    def on_merged(self, _):
        self.over, self.waiting = True, False
        self.clocks = {k: c for k, c in self.clocks.items()
                       if c.ended and k != "speed_of_answer"}
