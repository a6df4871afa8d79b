"""One wrong contract for each rule of the linter: what `floorwalker check` says of it, to the word.

tests/unit/config/wrong/CASE holds contract files, or a floorwalker.yaml, and `expected`. That each
rule has its case is seen to by tidy. UPDATE_GOLDEN=1 writes `expected` anew: read it before it is
committed.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess

from conftest import ROOT, program

CASES = sorted(p for p in (ROOT / "tests/unit/config/wrong").iterdir() if p.is_dir())
SETTINGS = "kafka: {brokers: 127.0.0.1:9, group: wrong}\n"


def check(folder, *settings):
    """(status, what is told of the files in the folder, what is told besides)."""
    done = subprocess.run([program("FLOORWALKER_BIN", "floorwalker"), "check", "--config",
                           "floorwalker.yaml", *settings], cwd=folder, text=True,
                          capture_output=True, timeout=30, env={"LC_ALL": "C"})
    told = [line for line in done.stdout.splitlines() if ": " in line]
    rest = [line for line in done.stdout.splitlines() if ": " not in line]
    return done.returncode, "".join(line + "\n" for line in told), rest + done.stderr.splitlines()


def difference(case, folder):
    """What is wrong with the case, or None."""
    shutil.copytree(case, folder)
    if not (folder / "floorwalker.yaml").exists():
        (folder / "floorwalker.yaml").write_text(SETTINGS)
        (folder / "contracts").mkdir()
        for path in case.iterdir():
            (folder / path.name).rename(folder / "contracts" / path.name)
    else:
        (folder / "contracts").mkdir()
        (folder / "contracts" / "acme.yaml").write_text(
            "contract: acme\nversion: 1\ntenant: acme\n")
    status, told, rest = check(folder, "--contracts", "contracts")
    told = re.sub(r"\bcontracts/", "", told)
    if os.environ.get("UPDATE_GOLDEN"):
        (case / "expected").write_text(told)
    expected = (case / "expected").read_text()
    verdict = "1 fault" if any(": note: " not in line for line in expected.splitlines()) \
        else "nothing wrong"
    if (status, told) != (0 if verdict == "nothing wrong" else 2, expected) or verdict not in rest:
        return f"{case.name}: status {status}\n--- expected\n{expected}--- told\n{told}{rest}\n"
    return None


def test_each_wrong_contract_is_told_what_is_wrong(tmp_path):
    assert len(CASES) > 130
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(difference, CASES, [tmp_path / case.name for case in CASES]))
    assert not any(found), "\n".join(filter(None, found))


def test_a_file_that_is_too_large(tmp_path):
    (tmp_path / "floorwalker.yaml").write_text(SETTINGS)
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "acme.yaml").write_text("#" * (4 << 20) + "#\n")
    status, told, _ = check(tmp_path)
    assert (status, told) == (2, "./contracts/acme.yaml: cannot read ./contracts/acme.yaml: it is "
                              "larger than 4 MiB; name a file that can be read\n")


def test_too_many_flags(tmp_path):
    (tmp_path / "floorwalker.yaml").write_text(SETTINGS)
    status, _, rest = check(tmp_path, *["--grace=1s"] * 300)
    assert status == 2
    assert re.match(r"floorwalker check: more than \d+ settings as flags; put them into the file",
                    rest[0])
