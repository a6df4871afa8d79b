"""Every clock of a ticket, with pauses, turns, reopenings and changes of its rule, in eight zones
over a change of their clocks: alerts and verdicts are those of the second implementation."""

import os
import random
import zoneinfo

import pytest

import clocks
from clocks import Rule
from records import interaction
from test_calendars import DAYS, EXCEPTIONS, FROM, HOLIDAYS, HOUR_MS, WEEKS, ZONES, open_spans

pytestmark = pytest.mark.timeout(300)

TICKETS = 100
MINUTE_MS = 60_000
QUEUES = ("support", "billing")
PRIORITIES = ("LOW", "NORMAL", "HIGH", "URGENT")
STATUSES = ("open", "pending_customer", "on_hold")
LIKELY = (["CUSTOMER_MESSAGE"] * 5 + ["AGENT_MESSAGE"] * 5 + ["STATUS_CHANGED"] * 4
          + ["PRIORITY_CHANGED"] * 2 + ["QUEUED"] * 2 + ["BOT_MESSAGE", "ABANDONED", "RESOLVED",
                                                         "RESOLVED", "CLOSED", "MERGED"])


def rules_of(rng):
    """Two rules of each kind, which leave some priorities and queues out."""
    for kind in clocks.KINDS:
        common = {"kind": kind, "bots_count": rng.random() < 0.3,
                  "pause_on": rng.choice([None, None, set(), {"pending_customer"}, {"on_hold"}]),
                  "on_reopen": rng.choice([None, None, "continue", "new", "ignore"]),
                  "on_resolve": rng.choice([None, None, "void", "missed"])}
        yield Rule(f"{kind}-1", target_ms=rng.choice([1, 2, 5]) * HOUR_MS,
                   priorities=("high", "urgent"), **common)
        yield Rule(f"{kind}-2", target_ms=rng.choice([2, 7, 20]) * HOUR_MS,
                   priorities=("low", "normal"), queues=rng.choice([(), ("support",)]), **common)


def as_written(rule):
    """As the contract's file has it."""
    when = {"priority": list(rule.priorities)}
    if rule.queues:
        when["queue"] = list(rule.queues)
    out = {"name": rule.name, "clock": rule.kind, "target": f"{rule.target_ms // MINUTE_MS}m",
           "when": when, "calendar": "hours"}
    if rule.pause_on is not None:
        out["pause_on"] = sorted(rule.pause_on)
    if rule.on_reopen:
        out["on_reopen"] = rule.on_reopen
    if rule.kind in ("first_reply", "next_reply", "periodic_update"):  # elsewhere they are refused
        out["bots_count"] = rule.bots_count
        if rule.on_resolve:
            out["on_resolve"] = rule.on_resolve
    return out


def ticket(rng, tenant, number, begin_at=None):
    """The events of one, in their order, no two at one instant."""
    name, at = f"{tenant}-{number}", begin_at or int(FROM.timestamp() * 1000)
    at += 0 if begin_at else rng.randrange(DAYS * 24 * HOUR_MS)
    fields = {"tenant_id": tenant, "channel": "TICKET", "queue_id": rng.choice(QUEUES),
              "priority": rng.choice(PRIORITIES)}
    events = [interaction("CREATED", name, at, **fields)]
    over = waiting = False
    for _ in range(rng.randrange(3, 25)):
        # What is over is remembered for an hour.
        at += rng.randrange(1, 50 * MINUTE_MS if over else 7 * HOUR_MS)
        kind = "REOPENED" if over and rng.random() < 0.4 else rng.choice(LIKELY)
        if kind == "ABANDONED" and not waiting:
            kind = "CUSTOMER_MESSAGE"
        if kind == "QUEUED":
            fields |= {"queue_id": rng.choice(QUEUES), "priority": rng.choice(PRIORITIES)}
        if kind == "PRIORITY_CHANGED":
            fields["priority"] = rng.choice(PRIORITIES)
        event = interaction(kind, name, at, **fields)
        if kind in ("AGENT_MESSAGE", "BOT_MESSAGE"):
            event |= {"public": rng.random() < 0.8,
                      "author": rng.choice(["AGENT", "AGENT", "SUPERVISOR", "BOT"])
                      if kind == "AGENT_MESSAGE" else "BOT"}
        if kind == "STATUS_CHANGED":
            event["status"] = rng.choice(STATUSES)
        events.append(event)
        over = kind in ("RESOLVED", "CLOSED", "MERGED") or (over and kind != "REOPENED")
        waiting = kind == "QUEUED" or (waiting and kind not in ("ABANDONED", "CLOSED", "MERGED"))
    return events


def agreement(tenant, number, rules):
    """The contract of one tenant, in a zone of its own."""
    zone, week = ZONES[number], WEEKS[number % len(WEEKS)]
    return {"contract": tenant, "version": 1, "tenant": tenant, "timezone": zone,
            "calendars": {"hours": {"timezone": zone, "weekly": week, "holidays": HOLIDAYS,
                                    "exceptions": EXCEPTIONS}},
            "clocks": [as_written(r) for r in rules]}


def hours_of(number, first=FROM, days=DAYS):
    zone = zoneinfo.ZoneInfo(ZONES[number])
    spans = open_spans(WEEKS[number % len(WEEKS)], zone, first, days)
    return clocks.Hours([tuple(s) for s in spans])


def told_in_alerts(alerts):
    """The same list from what stands on the topic."""
    ends = {a["alert_id"]: (a["transition"], a["resolved_at"]) for a in alerts
            if a["transition"] in ("RESOLVED", "VOIDED", "EXPIRED")}
    return sorted((a["interaction_id"], a["rule"], a["condition_at"], *ends.get(a["alert_id"], (
        None, None))) for a in alerts if a["transition"] == "FIRING")


def told_by_oracle(told):
    return sorted((t["ticket"], t["rule"], t["at"], *(t["end"] or (None, None))) for t in told)


def verdicts_of(redis):
    """Of the quarter, in which all of it lies."""
    met = both = 0
    for number in range(len(ZONES)):
        view = redis.hgetall(f"fw:{{tenant-{number}}}:kpi:all:quarter")
        met, both = met + int(view["attainment.n"]), both + int(view["attainment.d"])
    return {"met": met, "missed": both - met}


def test_every_clock_of_many_tickets_equals_the_second_implementation(world):
    seed = int(os.environ.get("FLOORWALKER_SEED", "20261123"))
    print(f"FLOORWALKER_SEED={seed}")
    rng = random.Random(seed)
    world.create(partitions=2)
    events, told, verdicts = [], [], {"met": 0, "missed": 0}
    end_at = int(FROM.timestamp() * 1000) + (DAYS + 6) * 24 * HOUR_MS
    for number in range(len(ZONES)):
        tenant, rules, hours = f"tenant-{number}", list(rules_of(rng)), hours_of(number)
        world.contract(agreement(tenant, number, rules), name=f"{tenant}.yaml")
        for one in range(TICKETS):
            some = ticket(rng, tenant, one)
            found, judged = clocks.judge(some, rules, hours, end_at)
            events += some
            told += found
            verdicts = {v: verdicts[v] + judged[v] for v in verdicts}
    for event in sorted(events, key=lambda e: e["event_at"]):
        world.send(event, at=event["event_at"])
    world.flush()
    world.replay(world.config(publish="objectives"), "--final-clock", str(end_at))
    assert world.dead_letters() == []
    expected, found = told_by_oracle(told), told_in_alerts(world.alerts("ITEM_BREACH"))
    assert len({t["rule"] for t in told}) == 2 * len(clocks.KINDS), "every rule must breach"
    print(f"{len(events)} events, {len(told)} breaches, {verdicts}")
    assert sorted(set(expected) - set(found)) == []
    assert sorted(set(found) - set(expected)) == []
    assert len(expected) == len(found)
    assert verdicts_of(world.redis) == verdicts
