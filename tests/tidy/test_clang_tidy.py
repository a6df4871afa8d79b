"""clang-tidy has nothing to say about processor/ and loadtest/ (its checks: .clang-tidy).

A file that was clean is not looked at again until it, a header of its or the checks change."""

import hashlib
import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tree import ROOT

# Without link-time optimisation, whose flags clang does not know.
DATABASE = ROOT / "build" / "asan-ubsan" / "compile_commands.json"
CACHE = Path(os.environ.get("FLOORWALKER_CACHE", ROOT / "build")) / "clang-tidy"
FOLDERS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*(ROOT / "processor").glob("*/"), *(ROOT / "loadtest").glob("*/")]
    if any(path.glob("*.c"))
)


def commands(folder):
    """The compile commands of one folder's files."""
    entries = json.loads(DATABASE.read_text()) if DATABASE.exists() else []
    return [e for e in entries if Path(e["file"]).parent == ROOT / folder]


def fingerprint(entry):
    """Changes when the file, a header, the flags or the checks do."""
    flags = re.sub(r" -o \S+| -c \S+| -fsanitize=\S+", "", entry["command"])
    preprocessed = subprocess.run(
        f"{flags} -E {entry['file']}", shell=True, cwd=entry["directory"], capture_output=True,
        check=False,
    ).stdout
    checks = (ROOT / ".clang-tidy").read_bytes()
    return hashlib.sha256(preprocessed + flags.encode() + checks).hexdigest()


def findings(entry):
    mark = CACHE / fingerprint(entry)
    if mark.exists():
        return []
    run = subprocess.run(
        ["clang-tidy", "--quiet", f"-p={DATABASE.parent}", entry["file"]],
        capture_output=True, text=True, check=False,
    )
    if run.returncode == 0:
        CACHE.mkdir(parents=True, exist_ok=True)
        mark.touch()
        return []
    found = re.findall(r"^\S+:\d+:\d+: (?:error|warning): .*$", run.stdout, re.MULTILINE)
    return [text.removeprefix(f"{ROOT}/") for text in found] or [run.stdout + run.stderr]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("folder", FOLDERS)
def test_clang_tidy(folder):
    entries = commands(folder)
    assert entries, f"{DATABASE} knows no file of {folder}; build first: cmake --preset asan-ubsan"
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = sorted({text for texts in pool.map(findings, entries) for text in texts})
    if found:
        pytest.fail(f"{len(found)} findings:\n" + "\n".join(found), pytrace=False)
