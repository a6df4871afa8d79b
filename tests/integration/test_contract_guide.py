"""docs/contracts.md: each of its contracts is taken, its examples hold, each refusal is as told."""

import re
import subprocess
from pathlib import Path

import pytest

from conftest import ROOT, program

GUIDE = (ROOT / "docs" / "contracts.md").read_text()
BLOCK = re.compile(r"^```yaml\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
HEAD, *BLOCKS = [(m[1], m[2]) for m in BLOCK.finditer(GUIDE)]


def check(folder: Path, contract: str):
    (folder / "contracts").mkdir()
    (folder / "contracts" / "acme.yaml").write_text(contract)
    settings = folder / "floorwalker.yaml"
    settings.write_text("kafka: {brokers: 127.0.0.1:9, group: guide}\ncontracts: contracts/\n")
    return subprocess.run([program("FLOORWALKER_BIN", "floorwalker"), "check", "--config",
                           settings], capture_output=True, text=True, timeout=30)


def test_the_guide_has_contracts():
    assert "contract:" in HEAD[0] and len(BLOCKS) >= 8


@pytest.mark.parametrize("block, refusal", BLOCKS, ids=[b[0].split(":")[0] + str(i)
                                                        for i, b in enumerate(BLOCKS)])
def test_a_contract_of_the_guide(tmp_path, block, refusal):
    done = check(tmp_path, HEAD[0] + block)
    told = "".join(re.sub(r"^\S*acme\.yaml:\d+: ", "", line) + "\n"
                   for line in (done.stdout + done.stderr).splitlines() if "acme.yaml:" in line)
    assert (done.returncode == 0, told) == (refusal is None, refusal or "")


ALERTS = re.findall(r"^```yaml\n(.*?)^```\n", (ROOT / "docs" / "alerts.md").read_text(),
                    re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", ALERTS, ids=[b.split(":")[0] for b in ALERTS])
def test_a_contract_of_the_page_on_alerts(tmp_path, block):
    done = check(tmp_path, "contract: acme\nversion: 1\ntenant: acme\n" + block)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_example_that_does_not_hold_is_seen(tmp_path):
    wrong = next(b for b, _ in BLOCKS if "due:" in b).replace("due: 2026", "due: 2027", 1)
    done = check(tmp_path, HEAD[0] + wrong)
    assert done.returncode != 0 and "example 1" in done.stdout + done.stderr
