"""SLA clocks of tickets, a second time: from the table of effects, by the hours of a calendar.

It shares no code with the processor. A clock is a list of cycles; each knows since when it runs
and what had elapsed before. What a person would be told of a breach is a list of dicts.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

KINDS = ("first_reply", "next_reply", "periodic_update", "resolution", "requester_wait",
         "agent_work")
USUAL_PAUSES = {"resolution": {"pending_customer"}, "requester_wait": {"pending_customer"},
                "agent_work": {"pending_customer", "on_hold"}}
USUAL_REOPENING = {"first_reply": "ignore", "next_reply": "new", "periodic_update": "new",
                   "resolution": "continue", "requester_wait": "continue",
                   "agent_work": "continue"}
OWED = ("first_reply", "next_reply", "periodic_update")


class Hours:
    """Open spans, ascending and apart, in epoch milliseconds."""

    def __init__(self, spans):
        self.spans = spans
        self.begins = [begin for begin, _ in spans]
        self.before = [0]
        for begin, end in spans:
            self.before.append(self.before[-1] + end - begin)

    def until(self, at):
        n = bisect_right(self.begins, at)
        if n == 0:
            return 0
        begin, end = self.spans[n - 1]
        return self.before[n - 1] + min(at, end) - begin

    def between(self, begin, end):
        return self.until(end) - self.until(begin) if end > begin else 0

    def after(self, at, open_ms):
        """When so much more has been open; None: never."""
        if open_ms <= 0:
            return at
        wanted = self.until(at) + open_ms
        n = next((n for n in range(len(self.spans)) if self.before[n + 1] >= wanted), None)
        return None if n is None else self.spans[n][0] + wanted - self.before[n]


@dataclass
class Rule:
    name: str
    kind: str
    target_ms: int
    priorities: tuple = ()
    queues: tuple = ()
    pause_on: set | None = None
    bots_count: bool = False
    on_resolve: str | None = None
    on_reopen: str | None = None

    def fits(self, priority, queue):
        return (not self.priorities or priority in self.priorities) and (
            not self.queues or queue in self.queues)

    @property
    def pauses(self):
        return USUAL_PAUSES.get(self.kind, set()) if self.pause_on is None else self.pause_on

    @property
    def reopening(self):
        return self.on_reopen or USUAL_REOPENING[self.kind]


@dataclass
class Ticket:
    """What all clocks of one ticket see."""
    name: str
    priority: str
    queue: str
    status: str = "open"
    wrote: bool = False  # the customer, since the status was said
    over: bool = False
    shut: bool = False
    waiting: bool = False
    replied: bool = False


@dataclass
class Clock:
    kind: str
    rules: list
    hours: Hours
    ticket: Ticket
    told: list
    on: bool = False
    ended: bool = False  # and so can be continued
    instance: int = 0
    since: int | None = None  # None: paused
    elapsed: int = 0
    rule: Rule | None = None  # None: it is only measured
    breached: bool = False
    said: dict | None = None
    verdicts: dict = field(default_factory=lambda: {"met": 0, "missed": 0})

    def find(self):
        return next((r for r in self.rules if r.fits(self.ticket.priority, self.ticket.queue)),
                    None)

    def pass_time(self, at):
        if not self.on or self.since is None or self.rule is None or self.breached:
            return
        due = self.hours.after(self.since, self.rule.target_ms - self.elapsed)
        if due is None or due >= at:
            return
        self.breached = True
        self.said = {"ticket": self.ticket.name, "rule": self.rule.name, "at": due,
                     "instance": self.instance, "end": None}
        self.told.append(self.said)

    def begin(self, at):
        if self.on:
            return
        self.on, self.ended = True, False
        self.since, self.elapsed, self.breached = at, 0, False
        self.instance += 1
        self.rule = self.find()
        self.follow_status(at)

    def stop(self, at):
        if self.since is not None:
            self.elapsed += self.hours.between(self.since, at)
            self.since = None

    def end(self, at, verdict="judged"):
        if not self.on:
            return
        self.stop(at)
        self.on, self.ended = False, verdict != "void"
        if verdict == "void":
            self.take_back(at)
        elif self.rule is not None and (self.breached or verdict == "missed"):
            self.verdicts["missed"] += 1
        elif self.rule is not None and verdict == "judged":
            self.verdicts["met"] += 1
        self.close(at)

    def close(self, at, how="RESOLVED"):
        if self.said is not None:
            self.said["end"] = (how, at)
            self.said = None

    def take_back(self, at):
        self.close(at, "VOIDED")
        self.breached = False

    def rematch(self, at):
        found = self.find()
        if not self.on or found is self.rule:
            return
        if found is None:
            self.take_back(at)
        else:
            self.close(at)
        self.breached = False
        if self.since is not None:
            self.stop(at)
            self.since = at
        self.rule = found

    def follow_status(self, at):
        if not self.on:
            return
        pauses = self.rules[0].pauses
        ignored = self.ticket.wrote and self.kind in ("requester_wait", "agent_work")
        if self.ticket.status in pauses and not ignored:
            self.stop(at)
        elif self.since is None:
            self.since = at

    def go_on(self, at):
        if not self.ended:
            return
        was, self.rule = self.rule, self.find()
        self.on, self.ended, self.since = True, False, at
        self.instance += 1
        self.breached = self.breached and was is self.rule
        self.follow_status(at)


def owed(clock):
    given = clock.rules[0].on_resolve
    if given is None:
        return "none" if clock.kind == "first_reply" else "judged"
    return "missed" if given == "missed" else "none"


class Desk:
    """One ticket and its clocks, event by event."""

    def __init__(self, created, rules, hours):
        self.told = []
        self.ticket = Ticket(created["interaction_id"], created["priority"].lower(),
                             created["queue_id"])
        self.clocks = {kind: Clock(kind, [r for r in rules if r.kind == kind], hours, self.ticket,
                                   self.told)
                       for kind in KINDS if any(r.kind == kind for r in rules)}

    def pass_time(self, at):
        for clock in self.clocks.values():
            clock.pass_time(at)

    def of(self, *kinds):
        return [self.clocks[k] for k in kinds if k in self.clocks]

    def apply(self, event):
        at = event["event_at"]
        self.pass_time(at)
        getattr(self, event["type"].lower())(event, at)

    def created(self, event, at):
        for clock in self.of("first_reply", "periodic_update", "resolution", "requester_wait",
                             "agent_work"):
            clock.begin(at)

    def queued(self, event, at):
        self.ticket.waiting = True
        self.ticket.queue, self.ticket.priority = event["queue_id"], event["priority"].lower()
        self._rematch(at)

    def priority_changed(self, event, at):
        self.ticket.priority = event["priority"].lower()
        self._rematch(at)

    def _rematch(self, at):
        for clock in self.clocks.values():
            clock.rematch(at)

    def customer_message(self, event, at):
        self.ticket.wrote = True
        for clock in self.of("requester_wait", "agent_work"):
            clock.follow_status(at)
        for clock in self.of("next_reply"):
            if not self.ticket.shut:
                clock.begin(at)

    def agent_message(self, event, at):
        if not event.get("public", True):
            return
        bot = event["author"] == "BOT"
        for clock in self.of("first_reply", "next_reply"):
            if not bot or clock.rules[0].bots_count:
                clock.end(at)
                if clock.kind == "first_reply":
                    self.ticket.replied = True
        for clock in self.of("periodic_update"):
            if not bot or clock.rules[0].bots_count:
                clock.end(at)
                if not self.ticket.over:
                    clock.begin(at)

    bot_message = agent_message

    def status_changed(self, event, at):
        self.ticket.status, self.ticket.wrote = event["status"], False
        for clock in self.clocks.values():
            clock.follow_status(at)

    def abandoned(self, event, at):
        self.ticket.waiting = False
        for clock in self.of(*OWED):
            clock.end(at, "none")
        for clock in self.of("requester_wait", "agent_work"):
            clock.end(at)

    def resolved(self, event, at):
        self.ticket.over = True
        for clock in self.clocks.values():
            clock.end(at, owed(clock) if clock.kind in OWED else "judged")

    def closed(self, event, at):
        if self.ticket.waiting:
            self.abandoned(event, at)
        self.ticket.over = self.ticket.shut = True
        for clock in self.clocks.values():
            clock.end(at, "none")

    def merged(self, event, at):
        self.ticket.over = self.ticket.shut = True
        self.ticket.waiting = False
        for clock in self.clocks.values():
            clock.end(at, "void")

    def reopened(self, event, at):
        if not self.ticket.over:
            return
        self.ticket.over = self.ticket.shut = False
        for clock in self.clocks.values():
            how = clock.rules[0].reopening
            if clock.kind == "first_reply" and how == "continue" and self.ticket.replied:
                continue
            if how == "new":
                clock.begin(at)
            elif how == "continue":
                clock.go_on(at)


def judge(events, rules, hours, until_at):
    """(what is told of breaches, verdicts) of one ticket, whose first event is CREATED."""
    desk = Desk(events[0], rules, hours)
    for event in events:
        desk.apply(event)
    desk.pass_time(until_at)
    verdicts = {v: sum(c.verdicts[v] for c in desk.clocks.values()) for v in ("met", "missed")}
    return desk.told, verdicts
