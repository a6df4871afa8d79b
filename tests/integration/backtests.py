"""`floorwalker backtest` and `export` in a folder of their own, and what they say."""

import json
import subprocess

import fastavro

from conftest import program
from records import parse, text_of


def event_schema(log_times=False):
    """InteractionEvent's; with log times as an export has it."""
    schema = json.loads(text_of("InteractionEvent"))
    if log_times:
        schema["fields"].insert(0, {"name": "log_at", "type": "long"})
    return parse(json.dumps(schema))


class Bench:
    """A folder with containers and contracts, and the command run in it."""

    def __init__(self, folder):
        self.folder = folder
        self.program = program("FLOORWALKER_BIN", "floorwalker")

    def contracts(self, name, *agreements):
        (self.folder / name).mkdir()
        for i, agreement in enumerate(agreements):
            (self.folder / name / f"{i}.yaml").write_text(json.dumps(agreement, indent=1))
        return name

    def container(self, name, events, schema=None, **options):
        with open(self.folder / name, "wb") as file:
            fastavro.writer(file, schema or event_schema(), events, **options)
        return name

    def run(self, *arguments):
        return subprocess.run([self.program, "backtest", *map(str, arguments)], cwd=self.folder,
                              text=True, capture_output=True, timeout=600)

    def text(self, *arguments):
        done = self.run(*arguments)
        assert done.returncode == 0, f"status {done.returncode}: {done.stderr}"
        return done.stdout

    def lines(self, *arguments):
        return [json.loads(line) for line in self.text(*arguments, "--json").splitlines()]


def of(lines, record, **fields):
    return [line for line in lines
            if line["record"] == record and all(line.get(k) == v for k, v in fields.items())]


def scope_text(scope):
    return "/".join(f"{name}={value}" for name, value in scope) or "all"
