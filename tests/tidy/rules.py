"""The house rules. Each takes the root of a tree and gives its findings, one sentence each, which
name the place and what would be right there. An empty list is a tidy tree."""

import ast
import json
import re
import subprocess
import xml.etree.ElementTree as xml
from pathlib import Path

from tree import TEXT, files, lines, place

COLUMNS = 100
FILE_LINES = 600
FUNCTION_LINES = 70
C_FOLDERS = ("processor", "loadtest", "tests")

# What each folder of processor/ may include beside itself. A name with a slash is one header.
ARROWS = {
    "base": set(),
    "core": {"base"},
    "tasks": {"core", "base"},
    "codec": {"core", "base"},
    "config": {"core", "base"},
    "backtest": {"tasks", "codec", "core", "base"},
    "engine": {"tasks", "codec", "core", "base"},
    "io": {"base", "codec", "engine/ports.h", "engine/epoch.h"},
    "cli": {"io", "engine", "backtest", "config", "codec", "tasks", "core", "base"},
}

# Who may include a library from outside, by the beginning of the header's name.
OUTSIDE = {
    "uv.h": {"io"},
    "librdkafka/": {"io"},
    "hiredis/": {"io"},
    "curl/": {"io"},
    "libwebsockets.h": {"io"},
    "avro.h": {"codec"},
    "avro/": {"codec"},
    "yaml.h": {"config"},
    "glib.h": {"config"},
    "xxhash.h": {"base"},
    "lz4": {"codec"},
    "zstd": {"codec"},
    "zlib.h": {"codec"},
}

# The law: what base, core, tasks and codec decide depends on nothing but what they are given.
PURE = ("base", "core", "tasks", "codec", "backtest")
IMPURE_HEADERS = {
    "time.h", "sys/time.h", "sys/socket.h", "sys/random.h", "netinet/in.h", "pthread.h",
    "unistd.h", "threads.h", "signal.h",
}
IMPURE_CALLS = re.compile(
    r"\b(getenv|secure_getenv|clock_gettime|gettimeofday|time|rand|random|rand_r|getrandom|socket"
    r"|localtime|localtime_r|usleep|sleep|nanosleep)\s*\("
)

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')
# Assembled from halves, so that this file is not a finding of its own.
MARKS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
HOSTS = re.compile(
    r"(\.debian\." + r"org/debian|deb\.debian\." + r"org|repo1?\.maven\." + r"|pypi\." + r"org"
    r"|pythonhosted\." + r"|docker\." + r"io|ghcr\." + r"io|quay\." + r"io|gcr\." + r"io"
    r"|npmjs\." + r"|proxy\.golang\." + r"|packages\.confluent\." + r")"
)


def includes(path):
    """(line, name in quotes or None, name in angle brackets or None) of each include."""
    for number, text in lines(path):
        match = INCLUDE.match(text)
        if match:
            yield number, match.group(1), match.group(2)


def processor_files(root):
    """(folder, path) of each C file in a folder of processor/."""
    for path in files(root, ".c", ".h", under=("processor",)):
        parts = path.relative_to(root).parts
        if len(parts) > 2:
            yield parts[1], path


def arrows(root):
    found = []
    for folder, path in processor_files(root):
        allowed = ARROWS.get(folder)
        if allowed is None:
            found.append(f"{place(root, path)}: {folder} is none of {', '.join(ARROWS)}")
            continue
        for number, name, _ in includes(path):
            if name is None:
                continue
            target = name.split("/")[0]
            if target != folder and target not in allowed and name not in allowed:
                found.append(
                    f"{place(root, path, number)}: {folder} may not include {name}; it knows "
                    f"{', '.join(sorted(allowed)) or 'nobody'}"
                )
    return found


def linked_folders(text):
    match = re.search(r"fw_library\((\w+)([^)]*)\)", text)
    return set(re.findall(r"\bfw_(\w+)", match.group(2))) if match else set()


def link_edges(root):
    """CMake's edges between folders are no wider than the arrows."""
    found = []
    for path in files(root, ".txt", under=("processor",)):
        parts = path.relative_to(root).parts
        if len(parts) != 3 or path.name != "CMakeLists.txt":
            continue
        allowed = {name.split("/")[0] for name in ARROWS.get(parts[1], set())}
        for extra in sorted(linked_folders(path.read_text()) - allowed):
            found.append(f"{place(root, path)}: {parts[1]} may not link fw_{extra}")
    return found


def owners_of(header):
    for beginning, folders in OUTSIDE.items():
        if header.startswith(beginning):
            return folders
    return None


def outside_libraries(root):
    found = []
    for folder, path in processor_files(root):
        for number, quoted, angled in includes(path):
            header = angled or quoted
            owners = owners_of(header)
            if owners is not None and folder not in owners:
                found.append(
                    f"{place(root, path, number)}: {header} belongs to {', '.join(sorted(owners))} "
                    f"alone, not to {folder}"
                )
    return found


def without_comments(text):
    """The same text with comments and strings blanked, lines kept."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def purity(root):
    found = []
    for folder, path in processor_files(root):
        if folder not in PURE:
            continue
        for number, _, angled in includes(path):
            if angled in IMPURE_HEADERS:
                found.append(
                    f"{place(root, path, number)}: <{angled}> in {folder}; clock, environment, "
                    "random numbers and sockets are the shell's, hand the value in"
                )
        code = without_comments(path.read_text(errors="replace"))
        for number, text in enumerate(code.splitlines(), 1):
            match = IMPURE_CALLS.search(text)
            if match:
                found.append(
                    f"{place(root, path, number)}: {match.group(1)}() in {folder}; "
                    "hand the value in"
                )
    return found


def columns(root):
    found = []
    for path in files(root, ".c", ".h", ".java", ".py", ".sh", ".cmake"):
        for number, text in lines(path):
            if len(text) > COLUMNS:
                found.append(
                    f"{place(root, path, number)}: {len(text)} columns; at most {COLUMNS} are right"
                )
    return found


def file_lengths(root):
    found = []
    for path in files(root, ".c", ".h", ".java", ".py", ".sh"):
        count = len(lines(path))
        if count >= FILE_LINES:
            found.append(
                f"{place(root, path)}: {count} lines; fewer than {FILE_LINES} are right, split it "
                "by what it does"
            )
    return found


def functions(paths):
    """ctags' functions of C files and methods of Java files as dictionaries with path, name, line,
    end, signature."""
    if not paths:
        return []
    out = subprocess.run(
        ["ctags", "--output-format=json", "--fields=+neS", "--languages=C,C++,Java",
         "--kinds-C=f", "--kinds-C++=f", "--kinds-Java=m", "-f", "-", *map(str, paths)],
        check=True, capture_output=True, text=True,
    ).stdout
    return [tag for tag in map(json.loads, out.splitlines()) if tag.get("_type") == "tag"]


def function_lengths(root):
    found = []
    for tag in functions(files(root, ".c", ".h", ".java", under=C_FOLDERS)):
        count = tag.get("end", tag["line"]) - tag["line"] + 1
        if count > FUNCTION_LINES:
            where = tag["path"].removeprefix(f"{root}/")
            found.append(
                f"{where}:{tag['line']}: {tag['name']}() has {count} lines; at most "
                f"{FUNCTION_LINES} are right"
            )
    return found + python_function_lengths(root)


def python_function_lengths(root):
    found = []
    for path in files(root, ".py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                count = node.end_lineno - node.lineno + 1
                if count > FUNCTION_LINES:
                    found.append(
                        f"{place(root, path, node.lineno)}: {node.name}() has {count} lines; at "
                        f"most {FUNCTION_LINES} are right"
                    )
    return found


def header_form(root):
    """A header says first what it is for, and is read once."""
    found = []
    for path in files(root, ".h", under=C_FOLDERS):
        text = path.read_text(errors="replace")
        if not text.startswith("/*"):
            found.append(f"{place(root, path, 1)}: the first line must be a comment on its purpose")
        if not re.search(r"^#(pragma once$|ifndef \w+_H)", text, re.MULTILINE):
            found.append(f"{place(root, path)}: #pragma once is missing")
    return found


def variables(paths):
    """ctags' file-level variables of C files."""
    if not paths:
        return []
    out = subprocess.run(
        ["ctags", "--output-format=json", "--fields=+n", "--kinds-C=v", "-f", "-",
         *map(str, paths)],
        check=True, capture_output=True, text=True,
    ).stdout
    return [json.loads(text) for text in out.splitlines()]


def declaration(path, number):
    """The text of a declaration up to the line of its name."""
    rows = path.read_text(errors="replace").splitlines()
    first = number
    while first > 1 and (rows[first - 1][:1] in (" ", "}", "")):
        first -= 1
    return " ".join(rows[first - 1 : number])


def global_state(root):
    """A file-level variable outside main.c is constant."""
    found = []
    paths = [p for p in files(root, ".c", under=("processor",)) if p.name != "main.c"]
    for tag in variables(paths):
        path = Path(tag["path"])
        if not re.search(r"\bconst\b", declaration(path, tag["line"])):
            found.append(
                f"{place(root, path, tag['line'])}: {tag['name']} is global and may change; make "
                "it const or part of a struct that main owns"
            )
    return found


def marks(root):
    found = []
    for path in files(root, *TEXT):
        if path.name == "LICENSE":
            continue
        for number, text in lines(path):
            match = MARKS.search(text)
            if match:
                found.append(
                    f"{place(root, path, number)}: {match.group(1)}; do it, or write an issue"
                )
    return found


def dead_code(root):
    found = []
    for path in files(root, ".c", ".h", under=C_FOLDERS):
        for number, text in lines(path):
            if re.match(r"\s*#\s*if\s+0\b", text):
                found.append(f"{place(root, path, number)}: code that is never built; remove it")
            if re.match(r"\s*//.*[;{}]\s*$", text):
                found.append(f"{place(root, path, number)}: code in a comment; remove it")
    return found


def white_space(root):
    found = []
    for path in files(root, *TEXT):
        if path.name == "LICENSE":
            continue
        data = path.read_bytes()
        if data and not data.endswith(b"\n"):
            found.append(f"{place(root, path)}: the last line has no end")
        for number, text in enumerate(data.split(b"\n"), 1):
            if text.rstrip() != text:
                found.append(f"{place(root, path, number)}: white space at the end of the line")
            if text.startswith(b"\t") or b"\r" in text:
                found.append(f"{place(root, path, number)}: a tab or CR; spaces and LF are right")
    return found


def host_names(root):
    """No script decides where packages come from: the machine's own settings do."""
    found = []
    for path in files(root, *TEXT):
        for number, text in lines(path):
            match = HOSTS.search(text)
            if match:
                found.append(
                    f"{place(root, path, number)}: names the package host {match.group(1)}; use "
                    "what the machine's apt, pip or Maven has configured"
                )
    return found


def sleeping_tests(root):
    found = []
    for path in files(root, ".c", under=("tests",)):
        code = without_comments(path.read_text(errors="replace"))
        for number, text in enumerate(code.splitlines(), 1):
            match = re.search(r"\b(usleep|sleep|nanosleep)\s*\(", text)
            if match:
                found.append(
                    f"{place(root, path, number)}: a test that waits with {match.group(1)}(); move "
                    "the clock that it hands in"
                )
    return found


def shell_scripts(root):
    found = []
    scripts = [
        path for path in files(root, ".sh", "")
        if path.suffix == ".sh" or path.read_bytes().startswith(b"#!/usr/bin/env bash")
    ]
    for path in scripts:
        check = subprocess.run(
            ["bash", "-n", str(path)], capture_output=True, text=True, check=False
        )
        found += [f"{place(root, path)}: {text}" for text in check.stderr.splitlines()]
    if scripts:
        lint = subprocess.run(
            ["shellcheck", "--external-sources", "--source-path=SCRIPTDIR", "--format=gcc",
             "--severity=warning", *map(str, scripts)],
            capture_output=True, text=True, check=False,
        )
        found += [text.removeprefix(f"{root}/") for text in lint.stdout.splitlines()]
    return found


def data_files(root):
    found = []
    for path in files(root, ".json", ".avsc"):
        try:
            json.loads(path.read_text())
        except ValueError as error:
            found.append(f"{place(root, path)}: not JSON: {error}")
    for path in files(root, ".xml", ".svg"):
        try:
            xml.parse(path)
        except xml.ParseError as error:
            found.append(f"{place(root, path)}: not XML: {error}")
    return found


NAMED_TEST = re.compile(r"`([\w/]+\.(?:c|py))::(\w+)`")


def named_tests(root):
    """A test that a page under tests/ names as `folder/file::name` is there."""
    found = []
    for path in files(root, ".md", under=("tests",)):
        for number, text in lines(path):
            for name, test in NAMED_TEST.findall(text):
                source = root / "tests" / name
                form = rf"^def {test}\(|\b(test_)?{test}\)"
                if not source.exists() or not re.search(form, source.read_text(), re.MULTILINE):
                    found.append(f"{place(root, path, number)}: there is no test {name}::{test}")
    return found
