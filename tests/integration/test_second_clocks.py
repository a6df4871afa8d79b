"""Clocks and opening hours against a second implementation, over random contracts and histories.

Each history becomes an example of a random contract, with what second_clocks.py says of every
clock; `floorwalker check` tells each difference. FLOORWALKER_HISTORIES makes it longer.
"""

import datetime as dt
import json
import os
import random
import re
import subprocess
from zoneinfo import ZoneInfo

import pytest
import second_clocks as second
from conftest import program

HISTORIES = int(os.environ.get("FLOORWALKER_HISTORIES", "20000"))
PER_CONTRACT = 250
ZONES = ("America/New_York", "Europe/London", "Europe/Berlin", "Australia/Lord_Howe",
         "Australia/Adelaide", "Pacific/Auckland", "America/St_Johns", "America/Santiago",
         "Asia/Kolkata", "Asia/Tokyo", "Africa/Casablanca", "UTC")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PRIORITIES = ("low", "normal", "high", "urgent")
QUEUES = ("red", "green", "blue")
STATUSES = {"waiting-for-them": "pending_customer", "parked": "on_hold", "ours": "open"}
KINDS = ("speed_of_answer", *second.ON_REOPEN)
DEFAULT_PAUSES = {"resolution": {"pending_customer"}, "requester_wait": {"pending_customer"},
                  "agent_work": {"pending_customer", "on_hold"}}
YEAR = 2026


def clock_changes(zone, year=YEAR):
    """Days of the year on which the zone's clocks change."""
    midnight = dt.datetime(year, 1, 1, tzinfo=ZoneInfo(zone))
    days = [midnight + dt.timedelta(days=n) for n in range(366)]
    return [a.date() for a, b in zip(days, days[1:]) if a.utcoffset() != b.utcoffset()]


def heard(rules):
    """Without those that stand below one that fits whatever they fit: no contract may have them."""
    out = []
    for rule in rules:
        if not any(all(key in rule.when and set(rule.when[key]) <= set(words)
                       for key, words in above.when.items()) for above in out):
            out.append(rule)
    return out


class Draw:
    """A contract and its histories, from a seed."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.zone = self.rng.choice(ZONES)
        self.calendars = {f"hours-{n}": self.hours() for n in range(2)}
        self.handoff = self.rng.random() < 0.2
        self.rules = [rule for kind in KINDS for rule in heard(self.rules_of(kind))]

    def spans(self):
        """Apart from each other; the last one may close on the next day."""
        rng = self.rng
        marks = sorted(rng.sample(range(0, 1440, 15), 2 * rng.choice((1, 1, 2, 3))))
        spans = list(zip(marks[::2], marks[1::2]))
        if spans[0][0] and rng.random() < 0.25:
            spans[-1] = spans[-1][0], rng.randrange(0, spans[0][0], 15)
        return spans

    def hours(self):
        rng = self.rng
        open_days = rng.sample(range(7), rng.randint(3, 7))
        near = [d + dt.timedelta(days=n) for d in clock_changes(self.zone) for n in range(-2, 3)]
        dates = {}
        for day in rng.sample(near, min(3, len(near))):
            dates[day] = rng.choice(([], self.spans()))
        hours = second.Hours(self.zone, {day: self.spans() for day in open_days}, dates)
        hours.compile(dt.date(YEAR - 1, 12, 1), dt.date(YEAR + 1, 6, 1))
        return hours

    def rules_of(self, kind):
        rng = self.rng
        for n in range(rng.randint(1, 3)):
            when = {}
            if n == 0 or rng.random() < 0.3:
                when["priority"] = rng.sample(PRIORITIES, rng.randint(1, 2))
            if rng.random() < 0.2:
                when["queue"] = rng.sample(QUEUES, rng.randint(1, 2))
            calendar = rng.choice(("", "hours-0", "hours-1"))
            pauses = DEFAULT_PAUSES.get(kind, set())
            if rng.random() < 0.4:
                pauses = set(rng.sample(("pending_customer", "on_hold"), rng.randint(0, 2)))
            plain = kind == "speed_of_answer" or not calendar or rng.random() < 0.7
            days = 0 if plain else rng.randint(1, 6)
            yield second.Rule(f"{kind}-{n}", kind, 0 if days else self.target_ms(),
                              self.calendars.get(calendar, second.ALWAYS), calendar, when,
                              frozenset(pauses), kind == "first_reply" and self.handoff,
                              rng.random() < 0.3, days,
                              rng.choice(("", "", "void")) if kind in second.OWED else "",
                              "" if kind == "speed_of_answer" or rng.random() < 0.6
                              else rng.choice(("ignore", "continue", "new")))

    def target_ms(self):
        rng = self.rng
        return rng.choice((20_000, 60_000, 3_600_000, 4 * 3_600_000, 8 * 3_600_000, 86_400_000,
                           rng.randint(1, 40 * 3_600_000)))

    def start(self):
        """Some time of the year, half of them around a change of the clocks."""
        rng, changes = self.rng, clock_changes(self.zone)
        day = dt.date(YEAR, 1, 10) + dt.timedelta(days=rng.randrange(330))
        if changes and rng.random() < 0.6:
            day = rng.choice(changes) + dt.timedelta(days=rng.randint(-3, 1))
        midnight = dt.datetime.combine(day, dt.time(), ZoneInfo(self.zone))
        return second.instant(midnight) + rng.randrange(second.DAY)

    def history(self):
        """(common, events, until); the events are possible in their order."""
        rng = self.rng
        channel = rng.choice(("email", "ticket", "chat", "voice", "messaging"))
        common = {"channel": channel}
        if rng.random() < 0.7:
            common["priority"] = rng.choice(PRIORITIES)
        at, pace = self.start(), rng.choice((60_000, 3_600_000, 86_400_000))
        first = "queued" if channel == "voice" or rng.random() < 0.2 else "created"
        story = Story(rng, first)
        events = []
        for n in range(rng.randint(1, 9)):
            event = story.next() if n else story.first()
            if event is None:
                break
            events.append({"at": at, **event})
            at += 1 + int(rng.expovariate(1 / pace))
        return common, events, events[-1]["at"] + rng.choice((0, int(rng.expovariate(1 / pace))))


class Story:
    """What may happen next."""

    def __init__(self, rng, first):
        self.rng, self.phase, self.begins = rng, "", first
        self.is_resolved = self.is_over = False

    def first(self):
        return getattr(self, self.begins)()

    def next(self):
        may = ["agent_message", "customer_message", "bot_message", "status_changed",
               "status_changed", "priority_changed", "priority_changed"]
        if self.is_over:
            return None
        if self.is_resolved:
            may += ["reopened", "reopened"]
        else:
            may += ["queued", "resolved", "bot_handoff"]
            may += ["answered"] if self.phase != "talking" else []
            may += ["abandoned"] if self.phase == "waiting" else []
            may += ["merged"] if self.rng.random() < 0.2 else []
        return getattr(self, self.rng.choice(may))()

    def created(self):
        return {"type": "created"}

    def queued(self):
        self.phase = "waiting"
        return {"type": "queued", "queue": self.rng.choice(QUEUES)}

    def answered(self):
        self.phase = "talking"
        return {"type": "answered"}

    def abandoned(self):
        self.phase = "ended"
        return {"type": "abandoned"}

    def agent_message(self):
        return {"type": "agent_message", "author": self.rng.choice(("agent", "bot", "supervisor")),
                "public": self.rng.random() < 0.7}

    def customer_message(self):
        return {"type": "customer_message", "author": "customer"}

    def bot_message(self):
        return {"type": "bot_message", "author": "bot"}

    def bot_handoff(self):
        return {"type": "bot_handoff"}

    def status_changed(self):
        return {"type": "status_changed", "status": self.rng.choice(list(STATUSES))}

    def priority_changed(self):
        return {"type": "priority_changed", "priority": self.rng.choice(PRIORITIES)}

    def resolved(self):
        self.is_resolved = True
        return {"type": "resolved"}

    def reopened(self):
        self.is_resolved = False
        return {"type": "reopened"}

    def merged(self):
        self.is_over = True
        return {"type": "merged"}


def utc(at):
    moment = second.EPOCH + dt.timedelta(milliseconds=at)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"


def clock_of_day(minutes):
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def span_texts(spans):
    return [f"{clock_of_day(a)}-{clock_of_day(b)}" for a, b in spans]


def contract_of(draw):
    """The contract as its author would write it, without examples."""
    def calendar(hours):
        out = {"timezone": hours.zone,
               "weekly": {WEEKDAYS[d]: span_texts(s) for d, s in hours.weekly.items()}}
        holidays = [d.isoformat() for d, s in hours.dates.items() if not s]
        exceptions = {d.isoformat(): span_texts(s) for d, s in hours.dates.items() if s}
        return out | ({"holidays": holidays} if holidays else {}) | (
            {"exceptions": exceptions} if exceptions else {})

    def clock(rule):
        said = {"when": rule.when, "calendar": rule.calendar, "on_resolve": rule.on_resolve,
                "on_reopen": rule.on_reopen}
        if rule.kind in second.OWED:
            said["bots_count"] = "yes" if rule.bots_count else "no"
        if rule.handoff:
            said["start_on"] = "bot_handoff"
        if rule.pause_on != DEFAULT_PAUSES.get(rule.kind, set()) or not rule.pause_on:
            said["pause_on"] = sorted(rule.pause_on)
        target = f"{rule.days}bd" if rule.days else f"{rule.target_ms}ms"
        return {"name": rule.name, "clock": rule.kind, "target": target} | {
            key: value for key, value in said.items() if value or key == "pause_on"}
    return {"contract": "acme-second", "version": 1, "tenant": "acme", "timezone": draw.zone,
            "statuses": STATUSES, "ageing": dict.fromkeys(
                ("voice", "chat", "email", "social", "messaging", "ticket"), "300d"),
            "calendars": {name: calendar(h) for name, h in draw.calendars.items()},
            "clocks": [clock(rule) for rule in draw.rules]}


def expectation(clock, until):
    out = {"clock": clock.rule.name, "elapsed": f"{clock.elapsed(until)}ms"}
    if clock.verdict:
        out["state"] = clock.state()
    due = clock.breach if clock.breach is not None or clock.ended else clock.deadline()
    return out | ({"due": utc(due)} if due is not None else {})


def example_of(draw, history):
    common, events, until = history
    told = second.History(draw.rules, STATUSES, common)
    for event in events:
        told.apply(event)
    told.pass_time(until)
    shown = [clock for clock in told.clocks.values() if not clock.silent]
    names = {clock.rule.name for clock in shown}
    texts = [{**event, "at": utc(event["at"])} for event in events]
    return {"given": {**common, "events": texts, "until": utc(until)},
            "expect": [expectation(c, until) for c in shown] +
                      [{"clock": r.name, "state": "none"} for r in draw.rules
                       if r.name not in names]}


def differences(folder, seed):
    draw = Draw(seed)
    histories = [draw.history() for _ in range(PER_CONTRACT)]
    contract = contract_of(draw) | {"examples": [example_of(draw, h) for h in histories]}
    (folder / "contracts").mkdir(exist_ok=True)
    (folder / "contracts" / "acme.yaml").write_text(json.dumps(contract))  # JSON is YAML
    (folder / "floorwalker.yaml").write_text(
        "kafka: {brokers: 127.0.0.1:9, group: second}\ncontracts: contracts/\n")
    done = subprocess.run([program("FLOORWALKER_BIN", "floorwalker"), "check", "--config",
                           folder / "floorwalker.yaml"], capture_output=True, text=True, timeout=60)
    found = re.findall(r"acme\.yaml:\d+: (?:example (\d+): )?(.*)", done.stdout + done.stderr)
    assert (done.returncode == 0) == (not found), done.stdout + done.stderr
    return [f"seed {seed}: {what}\n{json.dumps(contract['examples'][int(n) - 1])}" if n else what
            for n, what in found]


@pytest.mark.parametrize("part", range(4))
def test_clocks_are_those_of_the_second_implementation(tmp_path, part):
    found = []
    for seed in range(part, HISTORIES // PER_CONTRACT, 4):
        found += differences(tmp_path, seed)
        assert not found, f"{len(found)} differences\n" + "\n".join(found[:3])
