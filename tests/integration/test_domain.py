"""Cases that others got wrong, or that their documents work out, each by its name: what
`floorwalker check` finds in an example of a contract, and `floorwalker backtest` in events.

tests/README.md tells which row of the definitions each stands for. 2020-11-23 is a Monday.
"""

import datetime as dt
import json
import subprocess

import pytest

from backtests import Bench, of
from conftest import program
from records import interaction

HOUR = 3_600_000
OFFICE = {"office": {"timezone": "UTC", "weekly": {"mon-fri": ["09:00-17:00"]}}}
GLPI = {"office": {"timezone": "UTC", "weekly": {"mon-fri": ["08:00-18:00"]}}}
STATUSES = {"pending": "pending_customer", "hold": "on_hold"}


def clock(kind, target, name="it", **more):
    return {"name": name, "clock": kind, "target": target, "when": {"channel": ["ticket"]}, **more}


def agreement(*clocks, **more):
    return {"contract": "acme", "version": 1, "tenant": "acme", "timezone": "UTC",
            "statuses": STATUSES, "clocks": list(clocks), **more}


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def holds(tmp_path):
    """holds(agreement, given, expect): what `check` finds in this example is what is expected."""
    def check(contract, given, expect):
        (tmp_path / "contracts").mkdir(exist_ok=True)
        (tmp_path / "contracts" / "acme.yaml").write_text(json.dumps(
            contract | {"examples": [{"given": {"channel": "ticket", **given},
                                      "expect": expect}]}))
        (tmp_path / "floorwalker.yaml").write_text("contracts: contracts/\n")
        done = subprocess.run([program("FLOORWALKER_BIN", "floorwalker"), "check", "--config",
                               tmp_path / "floorwalker.yaml"], text=True, capture_output=True,
                              timeout=30)
        assert done.returncode == 0, done.stdout
    return check


def story(*events):
    """("24T10:00", type, fields): of November 2020."""
    return [{"at": f"2020-11-{at}", "type": kind, **fields} for at, kind, fields in
            ((*e, {})[:3] for e in events)]


AGENT = {"author": "agent"}
PENDING, HOLD, OPEN = {"status": "pending"}, {"status": "hold"}, {"status": "open"}


# ---- golden vectors ----

LEVELS = {
    # name: (counts, short_abandon, variant, numerator, denominator)
    "cisco_ignore": ("first", "0s", "abandon_ignored", 70, 90),
    "cisco_negative": ("first", "0s", "answered_of_offered", 70, 100),
    "cisco_positive": ("first", "0s", "abandon_positive", 80, 100),
    "xcally": ("first", "20s", "abandon_ignored", 70, 90),
    "cisco_positive_whoever_gives_up_early": ("first", "20s", "abandon_positive", 80, 100),
    "amazon_connect": ("first", "0s", "removed_within", 80, 100),
    "amazon_connect_whoever_gives_up_early": ("first", "20s", "removed_within", 80, 100),
    "answered_only": ("first", "0s", "answered_only", 70, 82),
    "genesys_all_on": ("first", "20s", "answered_of_offered", 70, 100),
    "genesys_short_off": ("first", "20s", "short_excluded", 70, 90),
    "cisco_second": ("second", "0s", "answered_of_offered", 50, 130),
}
COUNTS = {  # of visits: how many, wait in s, how they ended
    "first": ((70, 5, "ANSWERED"), (10, 5, "ABANDONED"), (12, 30, "ANSWERED"),
              (8, 30, "ABANDONED")),
    "second": ((50, 5, "ANSWERED"), (80, 30, "ANSWERED")),
}
VARIANTS = ("answered_of_offered", "abandon_ignored", "abandon_positive", "removed_within",
            "short_excluded", "answered_only")
MONDAY = 1_606_122_000_000  # 2020-11-23T09:00Z


def visits(counts):
    for number, (wait_s, how) in enumerate((w, h) for n, w, h in counts for _ in range(n)):
        at = MONDAY + number * 7_000
        yield interaction("QUEUED", f"call-{number}", at)
        yield interaction(how, f"call-{number}", at + wait_s * 1000)


def levels_of(folder):
    """{(counts, short_abandon, variant): (n, d)} as backtest tells them."""
    out = {}
    for name, counts in COUNTS.items():
        bench = Bench(folder / name)
        bench.folder.mkdir()
        events = sorted(visits(counts), key=lambda e: e["event_at"])
        file = bench.container("calls.avro", events)
        folders = [bench.contracts(short, agreement(short_abandon=short, objectives=[
            {"name": variant, "metric": "service_level", "variant": variant, "within": "20s",
             "per": [], "window": "today", "target": "at least 80%", "min_sample": 1,
             "owner": "duty", "outcome": "callers give up"} for variant in VARIANTS]))
            for short in ("0s", "20s")]
        for line in of(bench.lines("--contracts", *folders, "--avro", file), "objective"):
            out[name, line["contracts"], line["rule"]] = line["numerator"], line["denominator"]
    return out


@pytest.fixture(name="levels", scope="module")
def fixture_levels(tmp_path_factory):
    return levels_of(tmp_path_factory.mktemp("levels"))


@pytest.mark.parametrize("name", LEVELS)
def test_golden_1_service_level(levels, name):
    counts, short, variant, numerator, denominator = LEVELS[name]
    assert levels[counts, short, variant] == (numerator, denominator)


@pytest.mark.parametrize("created, target, due", [
    ("2020-11-27T16:30", "1h", "2020-11-30T09:30"), ("2020-11-25T07:00", "2h", "2020-11-25T11:00"),
    ("2020-11-25T10:00", "2h", "2020-11-25T12:00")])
def test_golden_2_business_time_of_chatwoot(holds, created, target, due):
    holds(agreement(clock("resolution", target, calendar="office"), calendars=OFFICE),
          {"created": created}, {"clock": "it", "due": due})


@pytest.mark.parametrize("created, due", [("2020-11-23T10:00", "2020-11-23T14:00"),
                                          ("2020-11-23T17:00", "2020-11-24T11:00")])
def test_golden_2_business_time_of_glpi(holds, created, due):
    holds(agreement(clock("resolution", "4h", calendar="office"), calendars=GLPI),
          {"created": created}, {"clock": "it", "due": due})


def at(text):
    return int(dt.datetime.fromisoformat(f"2020-11-{text}:00+00:00").timestamp() * 1000)


def ticket(kind, when, **fields):
    return interaction(kind, "case", at(when), channel="TICKET", **fields)


def episodes(bench, events, *contracts):
    """(rule, kind, when it fired, how and when it ended) of each."""
    file = bench.container("events.avro", events)
    lines = bench.lines("--contracts", bench.contracts("ours", *contracts), "--avro", file,
                        "--episodes")
    assert not of(lines, "refused")

    def text(instant):
        return dt.datetime.fromtimestamp(instant / 1000, dt.timezone.utc).strftime("%dT%H:%M")
    return sorted((e["rule"], e["kind"], text(e["condition_at"]), e["ended"],
                   text(e["resolved_at"])) for e in of(lines, "episode")
                  if e["kind"].startswith("item_"))


def test_golden_2_glpi_warns_an_hour_before_in_opening_hours(bench):
    """Due Tuesday 11:00; the warning is at 10:00, not at midnight."""
    found = episodes(bench, [ticket("CREATED", "23T17:00"), ticket("RESOLVED", "25T12:00")],
                     agreement(clock("resolution", "4h", calendar="office", warn_at=["1h"]),
                               calendars=GLPI))
    assert [e[1:3] for e in found] == [("item_at_risk", "24T10:00"), ("item_breach", "24T11:00")]


@pytest.mark.parametrize("zone, begin, end, hours", [
    ("Europe/London", "2020-03-28T12:00", "2020-03-29T12:00", 23),
    ("America/New_York", "2020-11-01T00:00", "2020-11-02T00:00", 25)])
def test_golden_3_days_on_which_clocks_change(holds, zone, begin, end, hours):
    always = {"always": {"timezone": zone, "weekly": {"mon-sun": ["00:00-24:00"]}}}
    holds(agreement(clock("resolution", "90h", calendar="always"), calendars=always),
          {"created": begin, "zone": zone, "until": end}, {"clock": "it", "elapsed": f"{hours}h"})


def test_golden_11_a_first_reply_counts_from_the_reopening(holds):
    holds(agreement(clock("first_reply", "1h", on_reopen="new")),
          {"created": "2020-11-23T09:00", "events": story(
              ("23T09:05", "resolved"), ("27T14:00", "reopened"),
              ("27T14:10", "agent_message", AGENT))},
          {"clock": "it", "state": "met", "elapsed": "10m"})


# ---- edge cases ----

def test_outside_of_the_hours_nothing_elapses(holds):
    """Asked and answered on a weekend: no time, and the target is met."""
    holds(agreement(clock("first_reply", "1h", calendar="office"), calendars=OFFICE),
          {"created": "2020-11-28T10:00", "events": story(("29T11:00", "agent_message", AGENT))},
          {"clock": "it", "state": "met", "elapsed": "0s"})


def test_a_wait_in_business_days_ends_at_the_same_local_time(holds):
    """Not 24 hours later: over a weekend and a change of the clocks."""
    zone = "America/New_York"
    calendar = {"office": {"timezone": zone, "weekly": {"mon-fri": ["09:00-17:00"]}}}
    holds(agreement(clock("resolution", "1bd", calendar="office"), calendars=calendar),
          {"created": "2020-10-30T16:00", "zone": zone},
          {"clock": "it", "due": "2020-11-02T16:00"})


def next_version(contract, day, **changes):
    return {**contract, "version": 2, "effective_from": day, **changes}


def test_a_holiday_that_is_added_while_a_clock_runs(bench):
    """Begun Thursday 12:00, due Friday 12:00: with Friday a holiday it is due on Monday. The
    warning of before stands, and so does the time that had elapsed."""
    first = agreement(clock("resolution", "8h", calendar="office", warn_at=["50%"]),
                      calendars=OFFICE)
    closed = {"office": {**OFFICE["office"], "holidays": ["2020-11-27"]}}
    events = [ticket("CREATED", "26T12:00"), ticket("RESOLVED", "30T18:00")]
    found = episodes(bench, events, first, next_version(first, "2020-11-27", calendars=closed))
    assert ("it", "item_breach", "30T12:00") in [e[:3] for e in found]
    assert [e[2] for e in found if e[1] == "item_at_risk"] == ["26T16:00"]
    assert len(found) == 2


def test_glpi_15939_another_zone_counts_from_the_start_in_its_own_hours(bench):
    """Begun at 12:00 UTC. The hours of Tokyo are 23:00 to 09:00: by midnight, when they take over,
    one of twelve hours is over; ten at 09:00, and the last two from 23:00 on."""
    first = agreement(clock("resolution", "12h", calendar="office"), calendars=GLPI)
    tokyo = {"office": {**GLPI["office"], "timezone": "Asia/Tokyo"}}
    events = [ticket("CREATED", "23T12:00"), ticket("RESOLVED", "25T12:00")]
    found = episodes(bench, events, first, next_version(first, "2020-11-24", calendars=tokyo))
    assert [e[1:3] for e in found] == [("item_breach", "25T01:00")]


def test_work_after_the_call_counts_whole_on_the_day_it_ends(bench):
    """From 23:50 to 00:10: the leg is of the second day, with all of its times."""
    name, day = "case", {"channel": "VOICE"}
    events = [interaction(kind, name, at(when), **day) for kind, when in (
        ("QUEUED", "23T23:49"), ("ANSWERED", "23T23:50"), ("DISCONNECTED", "23T23:55"),
        ("WRAP_START", "23T23:55"), ("WRAP_END", "24T00:10"))]
    contract = agreement(objectives=[{
        "name": "handling", "metric": "aht_ms", "per": [], "window": "today", "min_sample": 1,
        "target": "at most 10m", "owner": "duty", "outcome": "queues grow"}])
    lines = bench.lines("--contracts", bench.contracts("ours", contract), "--avro",
                        bench.container("calls.avro", events))
    days = {line["period_date"]: (line["numerator"], line["denominator"])
            for line in of(lines, "period", period="day")}
    assert {day: parts for day, parts in days.items() if parts[1]} == {
        "2020-11-24": (20 * 60_000, 1)}


def test_never_replied_is_open_and_not_in_the_mean(bench):
    events = [ticket("CREATED", "23T09:00"), ticket("AGENT_MESSAGE", "23T09:10", author="AGENT"),
              interaction("CREATED", "nobody", at("23T09:00"), channel="TICKET")]
    contract = agreement(objectives=[{
        "name": "reply", "metric": "first_reply_ms", "per": [], "window": "today", "min_sample": 1,
        "target": "at most 10m", "owner": "duty", "outcome": "customers wait"}])
    lines = bench.lines("--contracts", bench.contracts("ours", contract), "--avro",
                        bench.container("tickets.avro", events))
    line, = of(lines, "objective")
    assert (line["numerator"], line["denominator"]) == (600_000, 1)


# ---- what users of others complain about ----

def test_zendesk_warns_at_several_marks_before_the_breach(bench):
    """On the instant of each mark, of this clock and no other."""
    found = episodes(bench, [ticket("CREATED", "23T09:00"), ticket("RESOLVED", "23T14:00")],
                     agreement(clock("resolution", "4h", warn_at=["50%", "30m"]),
                               clock("agent_work", "9h", name="other", warn_at=["8h"])))
    assert [e[:3] for e in found] == [
        ("it", "item_at_risk", "23T11:00"), ("it", "item_breach", "23T13:00"),
        ("other", "item_at_risk", "23T10:00")]


def test_genesys_breaches_before_the_interaction_ends(bench):
    """A caller waits for an hour: told at 20 s."""
    events = [interaction("QUEUED", "call", at("23T09:00")),
              interaction("ANSWERED", "call", at("23T10:00"))]
    rule = {"name": "call", "clock": "speed_of_answer", "target": "20s"}
    file = bench.container("calls.avro", events)
    lines = bench.lines("--contracts", bench.contracts("ours", agreement(rule)), "--avro", file,
                        "--episodes")
    line, = of(lines, "episode", kind="item_breach")
    assert line["condition_at"] == at("23T09:00") + 20_000
    assert (line["ended"], line["resolved_at"]) == ("resolved", at("23T10:00"))


def test_chatwoot_14009_a_lunch_break_does_not_count(holds):
    spans = {"office": {"timezone": "UTC", "weekly": {"mon-fri": ["09:00-13:00", "14:00-18:00"]}}}
    holds(agreement(clock("first_reply", "1h", calendar="office"), calendars=spans),
          {"created": "2020-11-23T12:30"}, {"clock": "it", "due": "2020-11-23T14:30"})


def test_chatwoot_7679_the_bots_time_is_not_the_agents(holds):
    holds(agreement(clock("first_reply", "1h", start_on="bot_handoff")),
          {"created": "2020-11-23T09:00", "events": story(
              ("23T09:01", "bot_message", {"author": "bot"}), ("23T09:20", "bot_handoff"),
              ("23T09:25", "agent_message", AGENT))},
          {"clock": "it", "state": "met", "elapsed": "5m"})


def test_osticket_3034_waiting_for_the_customer_does_not_count(holds):
    holds(agreement(clock("resolution", "8h")),
          {"created": "2020-11-23T09:00", "events": story(
              ("23T10:00", "status_changed", PENDING), ("25T10:00", "status_changed", OPEN),
              ("25T12:00", "resolved"))},
          {"clock": "it", "state": "met", "elapsed": "3h"})


def test_zammad_3140_an_update_does_not_stand_for_the_first_reply(holds):
    """Each kind has its own clock and target."""
    holds(agreement(clock("first_reply", "1h", "first"), clock("periodic_update", "30m", "update")),
          {"created": "2020-11-23T09:00", "until": "2020-11-23T09:45"},
          [{"clock": "first", "state": "running", "due": "2020-11-23T10:00"},
           {"clock": "update", "state": "breached", "due": "2020-11-23T09:30"}])


def test_zammad_2082_nothing_escalates_after_the_agent_answered(holds):
    holds(agreement(clock("first_reply", "1h", "first"), clock("next_reply", "1h", "next")),
          {"created": "2020-11-23T09:00", "until": "2020-11-24T09:00", "events": story(
              ("23T09:10", "customer_message", {"author": "customer"}),
              ("23T09:30", "agent_message", AGENT))},
          [{"clock": "first", "state": "met"}, {"clock": "next", "state": "met"}])


def test_zammad_2579_the_first_reply_begins_the_next_update(holds):
    holds(agreement(clock("periodic_update", "2h")),
          {"created": "2020-11-23T09:00", "events": story(("23T10:30", "agent_message", AGENT))},
          {"clock": "it", "state": "running", "due": "2020-11-23T12:30"})


def test_glpi_15605_a_weekend_in_a_pause_counts_once(holds):
    """Due Monday 10:00; paused for the last open hour of Friday and the first of Monday."""
    holds(agreement(clock("resolution", "1bd", calendar="office"), calendars=GLPI),
          {"created": "2020-11-27T10:00", "events": story(
              ("27T17:00", "status_changed", PENDING), ("30T09:00", "status_changed", OPEN))},
          {"clock": "it", "state": "running", "due": "2020-11-30T12:00"})


def test_glpi_10594_a_deadline_lies_in_the_hours(holds):
    holds(agreement(clock("resolution", "4h", calendar="office"), calendars=GLPI),
          {"created": "2020-11-27T20:00"}, {"clock": "it", "due": "2020-11-30T12:00"})


def test_frappe_2449_a_hold_counts_once(holds):
    """Neither added to the creation nor shown as time while it lasts."""
    contract = agreement(clock("agent_work", "8h"))
    given = {"created": "2020-11-23T09:00", "events": story(
        ("23T10:00", "status_changed", HOLD))}
    holds(contract, given | {"until": "2020-11-23T12:00"},
          {"clock": "it", "state": "paused", "elapsed": "1h"})
    given["events"] += story(("23T13:00", "status_changed", OPEN))
    holds(contract, given, {"clock": "it", "state": "running", "due": "2020-11-23T20:00"})
