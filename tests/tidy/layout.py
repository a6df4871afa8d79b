#!/usr/bin/env python3
"""The layout of C files is what clang-format writes, except tables of X(...) rows, which are laid
out by hand: several short rows stand in one line, and clang-format would indent them like a stair.

    tests/tidy/layout.py [FILE...]      rewrites the files (default: all C files of the project)
"""

import re
import subprocess
import sys
from pathlib import Path

from tree import ROOT, files

C_FOLDERS = ("processor", "loadtest", "tests")
TABLE = re.compile(r"^#define \w+\(X(, \w+)*\)\s*\\$")


def ranges(text):
    """The runs of lines (first, last) that stand outside of tables."""
    runs, start, table = [], 1, False
    rows = text.splitlines()
    for number, row in enumerate(rows, 1):
        if not table and TABLE.match(row):
            table = True
            if start < number:
                runs.append((start, number - 1))
        if table and not row.endswith("\\"):
            table = False
            start = number + 1
    if start <= len(rows):
        runs.append((start, len(rows)))
    return runs


def wanted(path, style):
    """The file's text as it should be."""
    text = path.read_text()
    picked = [f"--lines={first}:{last}" for first, last in ranges(text)]
    if not picked:
        return text
    return subprocess.run(
        ["clang-format", f"--style=file:{style}", f"--assume-filename={path}", *picked],
        input=text, capture_output=True, text=True, check=True,
    ).stdout


def first_difference(left, right):
    pairs = zip(left.splitlines() + [None], right.splitlines() + [None])
    return next(number for number, (a, b) in enumerate(pairs, 1) if a != b)


def layout(root):
    """Tidy rule: each file is as layout.py would write it."""
    found = []
    for path in files(root, ".c", ".h", under=C_FOLDERS):
        text, right = path.read_text(), wanted(path, root / ".clang-format")
        if text != right:
            number = first_difference(text, right)
            found.append(
                f"{path.relative_to(root)}:{number}: not laid out as clang-format would; right is: "
                f"tests/tidy/layout.py {path.relative_to(root)}"
            )
    return found


def main(names):
    paths = [Path(name).resolve() for name in names]
    for path in paths or files(ROOT, ".c", ".h", under=C_FOLDERS):
        right = wanted(path, ROOT / ".clang-format")
        if right != path.read_text():
            path.write_text(right)
            print(path)


if __name__ == "__main__":
    main(sys.argv[1:])
