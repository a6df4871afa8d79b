"""Every message of the linter is shown by a wrong contract of its own.

tests/unit/config/wrong/CASE holds contract files, or a floorwalker.yaml, and `expected`: the one
line that is told. A message is a call of one of SAYS in processor/config; where several calls say
the same, there are as many cases.
"""

import re

from tree import place

CASES = "tests/unit/config/wrong"
# The function, and which of its arguments are remedy and format.
SAYS = {"reader_fault": (2, 3), "reader_note": (None, 2), "faults_add": (3, 4),
        "faults_note": (None, 3), "refuse": (2, 3), "reader_unsupported": (2, None),
        "err_set": (None, 1)}
NOT_YET = "%s is not supported yet"
# What no file of a case can bring about, and the test that shows it.
ELSEWHERE = {
    "cannot read %s: %s": "test_settings.c, test_contracts.c",
    "cannot read this folder: %s": "test_contracts.c",
    "it is larger than 4 MiB": "test_wrong_contracts.py",
    "more than %d settings as flags; put them into the file": "test_wrong_contracts.py",
    "%s needs a value": "test_settings.c",
    "%s": "the words of the system, or of another message",
    "%s%s: %s%s%s%s": "the first of all in one sentence: test_contracts.c",
    "%s%s%s": "a message with its place before it",
    "SLICE_FMT: %s": "a message with its setting before it",
}
CALL = re.compile(r"\b(" + "|".join(SAYS) + r")\(")
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"|\b([A-Z][A-Z_]+)\b')
DEFINE = re.compile(r'^#define ([A-Z][A-Z_]+) "((?:[^"\\]|\\.)*)"$', re.MULTILINE)
SPEC = re.compile(r"%(?:[.\d*]*(?:ll|z)?[a-z])|SLICE_FMT|PRI\w+")


def arguments(text, start):
    """The texts of the arguments of the call whose parenthesis opens before `start`."""
    depth, quoted, begin, out = 1, False, start, []
    for at in range(start, len(text)):
        c = text[at]
        if c == '"' and text[at - 1] != "\\":
            quoted = not quoted
        if quoted:
            continue
        depth += (c in "([{") - (c in ")]}")
        if depth == 0 or (c == "," and depth == 1):
            out.append(text[begin:at])
            begin = at + 1
        if depth == 0:
            return out
    return out


def literal(argument, defines):
    """What a string argument says, or None where it is no literal."""
    if '"' not in argument and not any(name in argument for name in defines):
        return None
    found = "".join(m[1] if m[1] is not None else defines.get(m[2], m[2])
                    for m in LITERAL.finditer(argument))
    return found.replace('\\"', '"').replace("\\\\", "\\")


def messages(root):
    """(file, line, remedy, format) of each; remedy or format is None where it is put together."""
    for path in sorted((root / "processor" / "config").glob("*.c")):
        text = path.read_text()
        defines = dict(DEFINE.findall(text))
        for match in CALL.finditer(text):
            found = arguments(text, match.end())
            line = text.count("\n", 0, match.start()) + 1
            before = text[text.rfind("\n", 0, match.start()) + 1:match.start()]
            if before.startswith(("void ", "static void ")):
                continue
            remedy, format_ = SAYS[match[1]]
            yield (path, line, "" if remedy is None else literal(found[remedy], defines),
                   NOT_YET if format_ is None else literal(found[format_], defines))


def pattern(remedy, format_):
    parts = [".*?" if SPEC.fullmatch(p) else re.escape(p.replace("%%", "%"))
             for p in re.split(f"({SPEC.pattern})", format_)]
    tail = "; .+" if remedy is None else re.escape(f"; {remedy}") if remedy else ""
    return re.compile("".join(parts) + tail)


def cases(root):
    folder = root / CASES
    return {p.name: (p / "expected").read_text() for p in sorted(folder.iterdir())
            if (p / "expected").exists()} if folder.is_dir() else {}


def faults_in(text):
    return sum(": note: " not in line for line in text.splitlines())


def wrong_contracts(root):
    told, found, seen = cases(root), [], {}
    for path, line, remedy, format_ in messages(root):
        if format_ in ELSEWHERE or format_ is None:
            continue
        key = remedy, format_
        seen[key] = seen.get(key, 0) + 1
        shown = sum(bool(pattern(*key).search(text)) for text in told.values())
        if shown < seen[key]:
            found.append(f"{place(root, path, line)}: no case of {CASES} shows \"{format_}\""
                         + (f" a {seen[key]}. time" if seen[key] > 1 else "")
                         + ": add one wrong contract, and what it is told")
    found += [f"{CASES}/{name}: `expected` tells {faults} faults: one in each case"
              for name, text in told.items() if (faults := faults_in(text)) > 1 or not text]
    return found
