"""`floorwalker backtest` as a command: what it prints, word for word, and how it refuses.

UPDATE_GOLDEN=1 writes the printed texts anew: read them before they are committed.
"""

import os
from pathlib import Path

import pytest

from backtests import Bench, event_schema, of
from records import interaction

GOLDEN = Path(__file__).parent / "golden" / "backtest"
START = 1_764_500_400_000  # 2025-11-30T11:00:00Z
MINUTE_MS = 60_000
DAY_MS = 86_400_000


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def agreement(target, **more):
    return {"contract": "acme-support", "version": 2, "tenant": "acme",
            "timezone": "America/New_York",
            "clocks": [{"name": "pick-up", "clock": "speed_of_answer", "target": "2m"}],
            "objectives": [{"name": "level", "metric": "service_level", "within": "20s",
                            "per": ["queue"], "window": "15m", "target": target, "min_sample": 3,
                            "owner": "duty", "outcome": "callers give up"}],
            "roles": {"duty": {"contact": "mail:duty"}}, **more}


def calls():
    """Some calls on each of three days around the turn of a month; every third waits long."""
    out = []
    for number in range(90):
        at = START + number // 30 * DAY_MS + number % 30 * MINUTE_MS
        wait_ms = 150_000 if number % 3 == 0 and number % 30 < 12 else 5_000 + 500 * number % 7_000
        queue = "support" if number % 2 else "sales, \"new\""
        name = f"call-{number}"
        out += [interaction("QUEUED", name, at, queue_id=queue),
                interaction("ANSWERED", name, at + wait_ms, queue_id=queue),
                interaction("DISCONNECTED", name, at + wait_ms + MINUTE_MS, queue_id=queue)]
    return sorted(out, key=lambda e: e["event_at"])


def test_figures_are_told_as_they_would_be_published(bench):
    """Of an hour: at its close, and once more when it is final."""
    events = calls()[:60]
    file, folder = bench.container("calls.avro", events), bench.contracts("ours", agreement(
        "at least 80%"))
    asked = ("--contracts", folder, "--avro", file)
    found = bench.lines(*asked, "--figures")
    hour = of(found, "figure", period="1h", scope="all", metric="answered", from_at=START)
    answered = [e for e in events if e["type"] == "ANSWERED" and e["event_at"] < START + 3_600_000]
    assert [(f["to_at"], f["value"], f["revision"], f["final"]) for f in hour] == [
        (START + 3_600_000, len(answered), 0, final) for final in (False, True)]
    assert [line for line in found if line["record"] != "figure"] == bench.lines(*asked)
    assert bench.text(*asked, "--csv", "--figures").splitlines()[1].startswith("figure,ours,acme,")


def folders(bench):
    return [bench.contracts("ours", agreement("at least 80%")),
            bench.contracts("theirs", agreement("at least 60%", clocks=[]))]


def expect_golden(name, text):
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("name, options", [("table.txt", []), ("lines.jsonl", ["--json"]),
                                           ("lines.csv", ["--csv", "--episodes"])])
def test_what_is_printed(bench, name, options):
    events = [*calls(), interaction("QUEUED", "", START, site_id="")]
    file = bench.container("calls.avro", events)
    done = bench.run("--contracts", *folders(bench), "--avro", file, *options)
    assert done.returncode == 0, done.stderr
    expect_golden(name, done.stdout)
    assert done.stderr == ("floorwalker backtest: 1 record refused; the first: calls.avro, record "
                           "271: site_id is missing; every InteractionEvent needs it\n")


def test_several_files_are_one_in_the_order_of_time(bench):
    events, both = calls(), folders(bench)
    one = bench.container("one.avro", events)
    dealt = [bench.container(f"{i}.avro", events[i::4], codec="deflate") for i in range(4)]
    days = [bench.container(f"day-{i}.avro", [e for e in events if e["event_at"] // DAY_MS == day])
            for i, day in enumerate(sorted({e["event_at"] // DAY_MS for e in events}))]
    expected = bench.text("--contracts", *both, "--avro", one, "--json", "--episodes")
    for files in (dealt, days, days[::-1]):
        assert bench.text("--contracts", *both, "--avro", *files, "--json",
                          "--episodes") == expected


def test_a_part_of_the_time(bench):
    file, both = bench.container("calls.avro", calls()), folders(bench)
    lines = bench.lines("--contracts", both[0], "--avro", file, "--from", START + DAY_MS, "--to",
                        "2025-12-02T11:00:00Z")
    assert of(lines, "input")[0]["events"] == 90
    assert {line["period_date"] for line in of(lines, "period")} == {"2025-12-01", "2025-12"}


def test_log_times_of_an_export_rule(bench):
    """A call that is told of three hours late counts, but opens no alert at steps that are over."""
    events = [{"log_at": e["event_at"] + 3 * 60 * MINUTE_MS, **e} for e in calls()]
    stamped = bench.container("stamped.avro", events, event_schema(log_times=True))
    plain, both = bench.container("plain.avro", calls()), folders(bench)
    late = bench.lines("--contracts", both[0], "--avro", stamped)
    told = bench.lines("--contracts", both[0], "--avro", plain)
    assert of(late, "input")[0]["from_at"] == START + 3 * 60 * MINUTE_MS
    assert [p["numerator"] for p in of(late, "period")] == [
        p["numerator"] for p in of(told, "period")]
    assert of(told, "alerts", kind="objective_breach")
    assert not of(late, "alerts", kind="objective_breach")


def test_versions_are_told_each_for_itself(bench):
    """The second takes over at midnight in New York, after the first of three days."""
    folder = bench.contracts("both", agreement("at least 80%", version=1),
                             agreement("at least 40%", version=2, effective_from="2025-12-01"))
    file = bench.container("calls.avro", calls())
    lines = bench.lines("--contracts", folder, "--avro", file, "--episodes")
    days = {(line["contract_version"], line["target"], line["period_date"])
            for line in of(lines, "period", period="day")}
    assert days == {(1, 0.8, "2025-11-30"), (2, 0.4, "2025-12-01"), (2, 0.4, "2025-12-02")}
    fired = [e["contract_version"] for e in of(lines, "episode", kind="objective_breach")]
    assert fired and set(fired) == {1}
    assert {e["contract_version"] for e in of(lines, "episode", kind="item_breach")} == {1, 2}
    group, = of(lines, "alerts", kind="item_breach")
    assert group["fired"] == 12 and "contract_version" not in group
    assert "level (version 1)" in bench.text("--contracts", folder, "--avro", file)


def expect_refusal(bench, status, text, *arguments):
    done = bench.run(*arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert text in done.stderr, done.stderr


def test_what_cannot_be_read_is_named(bench):
    both = folders(bench)
    file = bench.container("calls.avro", calls(), sync_interval=4_000)
    whole = (bench.folder / file).read_bytes()
    mark = whole[-16:]
    second = whole.index(mark, whole.index(mark) + 16) + 16
    (bench.folder / "torn.avro").write_bytes(whole[:second + 100])
    (bench.folder / "empty.avro").write_bytes(b"")
    (bench.folder / "text.avro").write_text("no container at all")
    bench.container("other.avro", [{"a": 1}], {
        "type": "record", "name": "Other", "fields": [{"name": "a", "type": "int"}]})
    for name, text in (
            ("torn.avro", f"torn.avro: block at byte {second}: the file ends within the block"),
            ("empty.avro", "empty.avro: is empty"),
            ("text.avro", "text.avro: it is no Avro container file"),
            ("missing.avro", "missing.avro: cannot be opened: No such file"),
            ("ours", "ours: is no file that can be mapped"),
            ("other.avro", "other.avro: its records are Other; floorwalker.v1.Interaction")):
        expect_refusal(bench, 1, text, "--contracts", both[0], "--avro", name)


def test_a_wrong_command_line(bench):
    folder, file = folders(bench)[0], bench.container("calls.avro", calls())
    for text, arguments in (
            ("--contracts DIR... is missing", ["--avro", file]),
            ("--avro FILE... or --topic T is missing", ["--contracts", folder]),
            ("--avro needs a value", ["--contracts", folder, "--avro"]),
            ("--json and --csv exclude each other",
             ["--contracts", folder, "--avro", file, "--json", "--csv"]),
            ("--episodes needs --json or --csv",
             ["--contracts", folder, "--avro", file, "--episodes"]),
            ("--figures needs --json or --csv",
             ["--contracts", folder, "--avro", file, "--figures"]),
            ("--from \"yesterday\" is no", ["--contracts", folder, "--avro", file, "--from",
                                            "yesterday"]),
            ("\"--jsn\" is not known", ["--contracts", folder, "--avro", file, "--jsn"]),
            ("nowhere: cannot read this folder", ["--contracts", "nowhere", "--avro", file])):
        expect_refusal(bench, 2, text, *arguments)


def test_a_wrong_contract_in_each_folder_is_told(bench):
    wrong = [bench.contracts(name, agreement("at leest 80%")) for name in ("first", "second")]
    done = bench.run("--contracts", *wrong, "--avro", "nothing.avro")
    assert done.returncode == 2
    assert "first/0.yaml:" in done.stderr and "second/0.yaml:" in done.stderr


def test_help_tells_the_order_of_files(bench):
    text = bench.text("--help")
    assert "usage: floorwalker backtest --contracts DIR... --avro FILE..." in text
    assert "event with the earliest time comes next" in text
