"""The real stack and one World per test.

tests/run.sh names the stack and the programs in the environment (KAFKA, REGISTRY, REDIS,
FLOORWALKER_BIN, FLOORSIM_BIN); without it a stack is started on free ports for the session.
"""

import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import World

ROOT = Path(__file__).resolve().parents[2]
DATABASES = 16


@dataclass
class Stack:
    kafka: str
    registry: str
    redis: str
    floorwalker: str
    floorsim: str


def program(variable, name):
    path = os.environ.get(variable) or str(ROOT / "build" / "release" / "bin" / name)
    if not os.access(path, os.X_OK):
        pytest.skip(f"{name} is not built: there is no program at {path}")
    return path


@pytest.fixture(scope="session")
def services(tmp_path_factory):
    """{KAFKA, REGISTRY, REDIS}: given, or started here and stopped at the end."""
    names = ("KAFKA", "REGISTRY", "REDIS")
    if all(os.environ.get(name) for name in names):
        yield {name: os.environ[name] for name in names}
        return
    script = str(ROOT / "deploy" / "local" / "stack.sh")
    folder = str(tmp_path_factory.mktemp("stack"))
    try:
        subprocess.run([script, "up", "--dir", folder], check=True, timeout=300)
        told = subprocess.run([script, "status", "--dir", folder], check=True, timeout=60,
                              capture_output=True, text=True).stdout
        yield dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    finally:
        subprocess.run([script, "down", "--purge", "--dir", folder], timeout=120)


@pytest.fixture(scope="session")
def stack(services):
    return Stack(services["KAFKA"], services["REGISTRY"], services["REDIS"],
                 program("FLOORWALKER_BIN", "floorwalker"), program("FLOORSIM_BIN", "floorsim"))


@pytest.fixture(scope="session")
def feed(services):
    """The stack for tests of the simulated sites alone, which need no processor."""
    return Stack(services["KAFKA"], services["REGISTRY"], services["REDIS"], "",
                 program("FLOORSIM_BIN", "floorsim"))


_count = 0


def make_world(stack, request, tmp_path):
    global _count
    _count += 1
    stem = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:40].strip("-")
    name = f"t{int(time.time() * 10) % 10_000_000}-{_count}-{stem}"
    return World(stack, tmp_path, name, _count % DATABASES)


@pytest.fixture
def world(stack, request, tmp_path):
    made = make_world(stack, request, tmp_path)
    yield made
    made.close()


@pytest.fixture
def feed_world(feed, request, tmp_path):
    made = make_world(feed, request, tmp_path)
    yield made
    made.close()
