"""Every figure of every formula against a second implementation, over random contracts and
histories: `floorwalker backtest --figures` on the events of a container, without a broker.

FLOORWALKER_HISTORIES makes it longer, FLOORWALKER_SEED begins elsewhere.
"""

import collections
import datetime as dt
import json
import os
import random
from zoneinfo import ZoneInfo

import pytest

import second_clocks
import second_formulas as second
from backtests import Bench, event_schema, of
from records import interaction
from test_second_clocks import WEEKDAYS, ZONES, clock_changes

PER_CONTRACT = 250
HISTORIES = int(os.environ.get("FLOORWALKER_HISTORIES", "500"))
FIRST = int(os.environ.get("FLOORWALKER_SEED", "28"))
YEAR = 2025
SITES, QUEUES, VENDORS = ("krakow", "cebu"), ("sales", "support"), ("harbor", "north")
GRACE, REORDER = 500, 300_000
AGEING = 4 * second.HOUR
# After these an ANSWERED needs no QUEUED; while an agent talks it is impossible.
ENDS = ("TRANSFERRED", "ABANDONED", "FLOW_OUT", "DEQUEUED", "CALLBACK_REQUESTED", "CREATED")


class Draw:
    """A contract and its histories, from a seed. A calm one never takes back what it said, so that
    what is told each minute stays right."""

    def __init__(self, seed):
        self.rng = rng = random.Random(seed)
        self.calm = seed % 5 == 3
        self.zone_name = ZONES[seed % len(ZONES)]
        self.zone = ZoneInfo(self.zone_name)
        self.week_starts = rng.randrange(7)
        self.short = rng.choice((0, 0, 5_000, 10_000, 30_000))
        self.withins = rng.sample((10_000, 20_000, 60_000, 5_000), rng.randint(1, 3))
        self.variants = [rng.choice(list(second.VARIANTS)) for _ in self.withins]
        self.begin, self.length = self.time()
        self.clocks = {"answer": rng.choice(((5_000, 20_000), (10_000, 30_000))),
                       "reply": (20 * second.MINUTE, rng.choice((30, 60)) * second.MINUTE)}

    def time(self):
        """A day and a half around a change of the clocks, or around the end of a period."""
        rng, changes = self.rng, clock_changes(self.zone_name, YEAR)
        if changes and rng.random() < 0.6:
            day = rng.choice(changes)
        else:
            day = dt.date(YEAR, rng.randint(1, 9), 1)
        begin = second_clocks.instant(dt.datetime.combine(day, dt.time(), self.zone))
        return begin - rng.randrange(20 * second.HOUR), rng.choice((12, 24, 36)) * second.HOUR

    def objectives(self):
        told = {"owner": "duty", "outcome": "callers give up", "min_sample": 1, "per": []}
        out = [{"name": f"level-{n}", "metric": "service_level", "variant": variant,
                "within": f"{within}ms", "window": "today",
                "target": f"at least {self.rng.randint(40, 99)}%", **told}
               for n, (variant, within) in enumerate(zip(self.variants, self.withins))]
        if self.calm:
            for metric in self.rng.sample(("offered", "asa_ms", "wait_p90_ms", "flowed_out",
                                           "first_reply_ms", "backlog", "waiting", "handled",
                                           "talk_ms", "next_reply_ms", "answered"), 4):
                window = self.rng.choice((*second.ROLLING, *second.PERIODS))
                unit = f"{self.rng.randint(5, 90)}s" if metric.endswith("_ms") else "500"
                out.append({"name": f"{metric}-{window}", "metric": metric, "window": window,
                            "target": f"at most {unit}", **told,
                            "per": self.rng.choice(([], ["site"], ["site", "queue"]))})
        self.objectives_said = out
        return out

    def clock(self, kind, channel, marks):
        warn, target = marks
        return {"name": kind, "clock": kind, "when": {"channel": [channel]},
                "target": f"{target}ms", "warn_at": [f"{target - warn}ms"]}

    def agreement(self):
        channels = ("voice", "chat", "email", "social", "messaging", "ticket")
        return {"contract": "acme-second", "version": 1, "tenant": "acme",
                "timezone": self.zone_name, "week_starts": WEEKDAYS[self.week_starts],
                "short_abandon": f"{self.short}ms",
                "ageing": dict.fromkeys(channels, f"{AGEING}ms"),
                "clocks": [self.clock("speed_of_answer", "voice", self.clocks["answer"]),
                           self.clock("first_reply", "ticket", self.clocks["reply"])],
                "objectives": self.objectives()}

    def histories(self):
        """Lists of events, each in its order."""
        return [Story(self, f"case-{n}").told() for n in range(PER_CONTRACT)]

    def log_times(self, events):
        """In the order in which they come: wild ones late by up to four minutes, some twice."""
        rows = []
        for event in events:
            late = 0 if self.calm or self.rng.random() < 0.7 else self.rng.randrange(240_000)
            if event["type"] == "RECORD_SNAPSHOT":
                late = self.rng.randrange(2_400_000)
            at = event["event_at"] + late
            if not self.calm and self.rng.random() < 0.05:
                wrong, event = self.misheard(event), {**event, "revision": 1}
                rows.append((at + self.rng.randrange(60_000), wrong))
            rows.append((at, event))
            if self.rng.random() < 0.03:
                rows.append((at + self.rng.randrange(60_000), event))
        return sorted(rows, key=lambda row: row[0])

    def misheard(self, event):
        """What the source said first, or says again although it has said better."""
        def other(name, most):
            return {**event, name: self.rng.randrange(most)}
        if event["type"] in ("ANSWERED", "ABANDONED", "FLOW_OUT", "DEQUEUED"):
            return other("queue_wait_ms", 60_000)
        if event["type"] in ("DISCONNECTED", "TRANSFERRED"):
            return other(self.rng.choice(("talk_ms", "hold_ms", "wrap_ms")), 90_000)
        if event["type"] == "QUEUED":
            return {**event, "queue_id": self.rng.choice(QUEUES)}
        if event["type"] == "AGENT_MESSAGE":
            return {**event, "public": not event["public"]}
        return event


class Story:
    """What happens to one interaction."""

    def __init__(self, draw, name):
        self.draw, self.rng, self.name, self.events = draw, draw.rng, name, []
        self.at = draw.begin + self.rng.randrange(draw.length)
        channel = self.rng.choice(("VOICE", "VOICE", "CHAT", "TICKET"))
        self.fields = {"channel": channel, "site_id": self.rng.choice(SITES),
                       "vendor_id": self.rng.choice(VENDORS),
                       "queue_id": self.rng.choice(QUEUES),
                       "direction": "OUTBOUND" if channel == "VOICE" and self.rng.random() < 0.1
                       else "INBOUND"}

    def say(self, kind, **more):
        if kind == "QUEUED":
            self.fields["queue_id"] = self.rng.choice(QUEUES)
        self.events.append(interaction(kind, self.name, self.at, **self.fields, **more))

    def wait(self, mean_s):
        """Often to the very instant of a threshold."""
        if self.rng.random() < 0.15:
            self.at += self.rng.choice((5_000, 10_000, 20_000, 60_000, 30_000))
        else:
            self.at += 1 + int(self.rng.expovariate(1 / (mean_s * 1000)))

    def told(self):
        if self.fields["channel"] == "TICKET":
            self.ticket()
        else:
            self.visits(self.rng.choice((1, 1, 1, 2, 3)))
            last = self.events[-1]
            if last["type"] in ("DISCONNECTED", "WRAP_END") and last["end_cause"] not in (
                    "SPAM", "MERGED") and self.wild(0.2):
                self.record()
        return self.events

    def maybe(self, share):
        return self.rng.random() < share

    def wild(self, share):
        return not self.draw.calm and self.rng.random() < share

    # ---- calls and chats ----

    def visits(self, count):
        if self.fields["channel"] == "CHAT" and self.maybe(0.5):
            self.say("CREATED")
            self.wait(20)
        for n in range(count):
            if not self.visit(last=n == count - 1):
                return
            self.wait(15)
        if self.wild(0.05):
            self.say(self.rng.choice(("CANCELLED", "MERGED")))

    def record(self):
        """The whole of the last visit and its leg, as the source has it in the end."""
        self.wait(60)
        said = {name: self.rng.randrange(90_000) for name in (
            "queue_wait_ms", "talk_ms", "hold_ms", "wrap_ms") if self.maybe(0.7)}
        self.say("RECORD_SNAPSHOT", **said)

    def measured(self):
        return {"queue_wait_ms": self.rng.randrange(60_000)} if self.wild(0.1) else {}

    def visit(self, last):
        """True when another one may follow."""
        talks = self.events and self.events[-1]["type"] not in ENDS
        if talks or self.maybe(0.93):
            self.say("QUEUED")
            self.wait(15)
            if self.maybe(0.2):
                self.say("OFFERED")
                self.wait(4)
        else:
            self.say("ANSWERED")
            return self.leg(last)
        end = self.rng.random()
        if end < 0.55:
            self.say("ANSWERED", **self.measured())
            return self.leg(last)
        if end < 0.70:
            self.say("ABANDONED", **self.measured())
        elif end < 0.80:
            self.say(self.rng.choice(("FLOW_OUT", "DEQUEUED")), **self.measured())
        elif end < 0.85:
            self.say("CALLBACK_REQUESTED", **self.measured())
        elif end < 0.93:
            causes = ("CUSTOMER", "UNKNOWN", "SYSTEM", "NETWORK", "VOICEMAIL")
            self.say(self.rng.choice(("DISCONNECTED", "CLOSED")), end_cause=self.rng.choice(
                causes if self.draw.calm else (*causes, "SPAM", "MERGED")))
            return False
        elif end < 0.96 and not self.draw.calm:
            self.say(self.rng.choice(("CANCELLED", "MERGED")))
            return False
        elif end < 0.98:
            return not last          # queued again while it waits, or for ever
        return True

    def leg(self, last):
        self.wait(60)
        for _ in range(self.rng.choice((0, 0, 1, 2))):
            self.say("HOLD_START")
            self.wait(20)
            if self.maybe(0.85):
                self.say("HOLD_END")
                self.wait(30)
                continue
            break                    # the customer leaves on hold
        if self.fields["channel"] == "CHAT" and self.maybe(0.6):
            self.messages()
        if self.maybe(0.03):
            return False             # nobody says how it ended
        said = {}
        if self.wild(0.1):
            said = {name: self.rng.randrange(90_000) for name in ("talk_ms", "hold_ms", "wrap_ms")}
        elif self.wild(0.05):
            said = {"talk_ms": self.rng.randrange(90_000)}
        if not last and self.maybe(0.6):
            self.say("TRANSFERRED", **said)
            return True
        if not last and self.maybe(0.3):
            return True              # QUEUED ends the leg
        cause = "SPAM" if self.wild(0.03) else "CUSTOMER"
        self.say(self.rng.choice(("DISCONNECTED", "DISCONNECTED", "CLOSED")), end_cause=cause,
                 **said)
        if cause == "CUSTOMER" and self.events[-1]["type"] == "DISCONNECTED" and self.wild(0.5):
            self.wrap()
        return False

    def wrap(self):
        if self.maybe(0.5):
            self.wait(3)
        self.say("WRAP_START")
        self.wait(30)
        if self.maybe(0.95):
            self.say("WRAP_END")

    def messages(self):
        for _ in range(self.rng.randint(1, 6)):
            kind = self.rng.choice(("CUSTOMER_MESSAGE", "AGENT_MESSAGE", "BOT_MESSAGE"))
            author = {"CUSTOMER_MESSAGE": "CUSTOMER", "BOT_MESSAGE": "BOT"}.get(
                kind, self.rng.choice(("AGENT", "AGENT", "SUPERVISOR", "BOT", "SYSTEM")))
            self.say(kind, author=author, public=self.maybe(0.8))
            self.wait(60)

    # ---- tickets ----

    def ticket(self):
        self.say("CREATED")
        for _ in range(self.rng.randint(1, 4)):
            self.wait(900)
            self.messages()
            if self.maybe(0.5):
                self.say("RESOLVED")
                self.wait(600)
                if self.maybe(0.5):
                    return
                self.say("REOPENED")
        if self.maybe(0.3):
            self.wait(600)
            self.say("CLOSED")


def scope_of(text):
    return tuple(tuple(part.split("=", 1)) for part in text.split("/")) if text != "all" else ()


def windows_of(draw, end):
    """(window, from, to) of each that closes until then."""
    first = draw.begin - second.HOUR
    spans = [(w, a, b) for w in second.ALIGNED
             for a, b in second.aligned(w, first, end, draw.zone)]
    for period in second.PERIODS:
        at = first
        while (b := second.end_of(period, at, draw.zone, draw.week_starts)) <= end:
            spans.append((period, second.start_of(period, at, draw.zone, draw.week_starts), b))
            at = b
    return spans


def expected_windows(spans, book):
    """(scope, window, from, to) of each that closes with something in it."""
    for scope in list(book.counts):
        for window, a, b in spans:
            if book.any(scope, a, b) or any(book.gauge(scope, g, b) for g in second.GAUGES):
                yield scope, window, a, b


def is_right(line, expected):
    if expected.near:
        value = line.get("value")
        if (value is None) != (expected.value is None):
            return False
        return line.get("sample") == expected.denominator and (
            value is None or abs(value - expected.value) <= max(1, 0.01 * expected.value))
    return (line.get("value"), line.get("numerator"), line.get("denominator")) == (
        expected.value, expected.numerator, expected.denominator)


def heard_late(rows):
    """When the clock came to something that was older than `reorder`, by interaction."""
    heard = collections.defaultdict(int)
    for log_at, event in rows:
        if log_at - GRACE - event["event_at"] > REORDER:
            heard[event["interaction_id"]] = log_at - GRACE
    return heard


class Trial:
    """One seed: its events through the program, and what is different."""

    def __init__(self, folder, seed):
        self.draw, self.seed = Draw(seed), seed
        bench, histories = Bench(folder / str(seed)), self.draw.histories()
        bench.folder.mkdir()
        rows = self.draw.log_times([e for events in histories for e in events])
        file = bench.container("events.avro", [{"log_at": at, **e} for at, e in rows],
                               event_schema(log_times=True))
        contracts = bench.contracts("acme", self.draw.agreement())
        text = bench.text("--contracts", contracts, "--avro", file, "--json", "--figures")
        self.end = rows[-1][0] + 26 * second.HOUR
        self.lines = [json.loads(line) for line in text.splitlines()
                      if self.draw.calm or '"final":false' not in line]
        refused = of(self.lines, "refused")
        assert not refused, f"seed {seed}: {refused}"
        heard = heard_late(rows)
        cases = [second.Case(events, AGEING, self.end, heard[events[0]["interaction_id"]])
                 for events in histories]
        self.book = second.Book(cases, self.draw.withins, self.draw.short, self.draw.clocks,
                                self.end)
        self.first = self.draw.variants[0], self.draw.withins[0]
        self.checked = collections.Counter()

    def differences(self):
        told = {}
        for line in of(self.lines, "figure"):
            key = scope_of(line["scope"]), line["period"], line["from_at"], line["to_at"]
            told.setdefault(key, {})[line["metric"]] = line
        finals = {key for key, by_metric in told.items()
                  if any(line["final"] for line in by_metric.values())}
        self.spans = set(windows_of(self.draw, self.end - second.DAY))
        wanted = set(expected_windows(self.spans, self.book))
        for key in sorted(wanted - finals):
            yield f"seed {self.seed}: nothing is told of {key}"
        for key, by_metric in told.items():
            yield from self.wrong(key, by_metric.values(), key in wanted)

    def attainment(self):
        """What differs in the figures of objectives over local days, months, and everything."""
        objectives = {o["name"]: o for o in self.draw.objectives_said}
        for line in of(self.lines, "period") + of(self.lines, "objective"):
            metric, said = line["metric"], objectives[line["rule"]]
            if metric == "service_level":
                metric = f"service_level.{line['formula']}.within_{said['within'][:-2]}"
            if metric in second.GAUGES:
                continue
            begin, end = line["from_at"], line["to_at"]
            if line["period"] != "all":
                period = {"day": "today", "month": "month"}[line["period"]]
                zone = self.draw.zone
                if (begin, end) != (second.start_of(period, begin, zone, 0),
                                    second.end_of(period, begin, zone, 0)):
                    yield f"seed {self.seed}: no {period} of {self.draw.zone_name}: {line}"
            expected = second.figure(self.book, scope_of(line["scope"]), metric, self.first,
                                     begin, end)
            self.checked["attainment over " + line["period"]] += 1
            if not is_right(line, expected):
                yield f"seed {self.seed}: {expected}\n  {line}"

    def judgements(self):
        """What differs in how the steps of a calm history were judged."""
        objectives = {o["name"]: o for o in self.draw.objectives_said}
        for line in of(self.lines, "objective") if self.draw.calm else ():
            metric, said = line["metric"], objectives[line["rule"]]
            if metric in second.COUNTS + second.GAUGES or metric in second.QUANTILES:
                continue
            if metric == "service_level":
                metric = f"service_level.{line['formula']}.within_{said['within'][:-2]}"
            values = list(self.steps(scope_of(line["scope"]), metric, said["window"]))
            lower = line["bound"] == "at_least"
            missed = sum(v < line["target"] if lower else v > line["target"] for v in values)
            worst = (min if lower else max)(values, default=None)
            self.checked["judgements"] += 1
            if (line["steps"], line["steps_missed"], line.get("tightest")) != (
                    len(values), missed, worst):
                yield f"seed {self.seed}: {len(values)} steps, {missed}, {worst}\n  {line}"

    def steps(self, scope, metric, window):
        """The figure at each step at which there is one."""
        length = second.ROLLING.get(window)
        step = 300_000 if length is None or length > 4 * second.HOUR else (
            10_000 if length <= 30 * second.MINUTE else second.MINUTE)
        for t in range(self.draw.begin - self.draw.begin % step, self.end + 1, step):
            begin = t - length if length else second.start_of(
                window, t - 1, self.draw.zone, self.draw.week_starts)
            value = second.figure(self.book, scope, metric, self.first, begin, t).value
            if value is not None:
                yield value

    def wrong(self, key, lines, is_wanted):
        scope, window, begin, end = key
        # In wild histories something may have been there, and been taken back.
        if self.draw.calm and not is_wanted and not self.book.moved(scope, begin, end) and any(
                line["final"] for line in lines):
            yield f"seed {self.seed}: {key} is told of, and nothing was in it"
        if key[1:] not in self.spans and end - begin != second.ROLLING.get(window, end - begin):
            yield f"seed {self.seed}: {key} is no window of that length"
        for line in lines:
            metric = line["metric"]
            expected = second.figure(self.book, scope, metric, self.first, begin, end)
            if expected is None or (metric == "abandon_rate" and not line["final"]):
                continue
            self.checked[metric.split(".within")[0]] += 1
            self.checked["over " + window] += 1
            if not is_right(line, expected):
                yield f"seed {self.seed}: {key} {expected}\n  {line}"



@pytest.mark.parametrize("part", range(2))
def test_figures_are_those_of_the_second_implementation(tmp_path, part):
    found, checked = [], collections.Counter()
    for seed in range(FIRST + part, FIRST + HISTORIES // PER_CONTRACT, 2):
        trial = Trial(tmp_path, seed)
        found += [*trial.differences(), *trial.attainment(), *trial.judgements()]
        checked += trial.checked
        assert not found, f"{len(found)} differences\n" + "\n".join(found[:5])
    print(sum(checked.values()) // 2, "figures,", checked)
    assert len(checked) > 60 and min(checked.values()) > 0, checked
