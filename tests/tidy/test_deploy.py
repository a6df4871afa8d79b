"""The examples for supervisors are valid, and restart whatever ends."""

import re
import shutil
import subprocess

import pytest

from tree import ROOT

UNIT = ROOT / "deploy" / "systemd" / "floorwalker@.service"
COMPOSE = ROOT / "deploy" / "compose.yaml"


def verify(folder, text):
    """What systemd has to say about the unit, with a program that is there on any machine."""
    path = folder / "floorwalker@1.service"
    path.write_text(text.replace("ExecStart=/usr/bin/floorwalker", "ExecStart=/bin/true"))
    run = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True,
                         text=True, timeout=60, check=False)
    return [line for line in (run.stdout + run.stderr).splitlines() if "floorwalker@1" in line]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_the_unit_is_valid(tmp_path):
    text = UNIT.read_text()
    assert verify(tmp_path, text) == []
    assert verify(tmp_path, text.replace("Restart=always", "Restart=ever")) != []


def test_the_unit_restarts_whatever_ends():
    lines = UNIT.read_text().splitlines()
    assert "Restart=always" in lines
    assert "StartLimitIntervalSec=0" in lines
    assert "Environment=FLOORWALKER_INSTANCE=%H-%i" in lines


def test_each_container_has_its_own_name_and_is_restarted():
    text = COMPOSE.read_text()
    services = re.findall(r"^  (\S+):\n    <<: \*floorwalker$", text, re.MULTILINE)
    names = re.findall(r"FLOORWALKER_INSTANCE: (\S+)\}", text)
    assert len(services) >= 3 and services == names
    assert "  restart: always\n" in text


def has_compose():
    return bool(shutil.which("docker")) and subprocess.run(
        ["docker", "compose", "version"], capture_output=True, timeout=60, check=False
    ).returncode == 0


def test_the_compose_file_is_valid():
    if not has_compose():
        pytest.skip("docker compose is not installed")
    run = subprocess.run(["docker", "compose", "-f", COMPOSE, "config", "--quiet"], timeout=60,
                         capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
