"""The files of the project as the tidy rules see them."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {".git", "build", ".cache", "__pycache__", ".pytest_cache"}
TEXT = {
    ".c", ".h", ".java", ".py", ".sh", ".md", ".txt", ".cmake", ".json", ".jsonl", ".avsc", ".yaml",
    ".yml", ".xml", ".svg", "",
}


def files(root, *suffixes, under=()):
    """Every file with one of the suffixes, in a fixed order; `under` limits it to some folders."""
    found = []
    for path in sorted(root.rglob("*")):
        inner = path.relative_to(root)
        if SKIPPED & set(inner.parts) or not path.is_file():
            continue
        if under and inner.parts[0] not in under:
            continue
        if path.suffix in suffixes:
            found.append(path)
    return found


def lines(path):
    """(number, text) of each line."""
    return list(enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1))


def place(root, path, number=None):
    """How a finding names its place: path:line, from the root."""
    name = path.relative_to(root).as_posix()
    return name if number is None else f"{name}:{number}"
