"""Prints `passed failed skipped` of a JUnit XML file, as ctest and pytest write it, and then a line
for each test that was skipped, with its reason."""

import sys
import xml.etree.ElementTree as xml


def outcome(case):
    """(passed, failed or skipped; the reason that was given)."""
    kinds = {child.tag for child in case}
    status = case.get("status")
    reason = "".join(child.get("message", "") for child in case)
    # ctest calls a test whose program is missing skipped; here it is one that failed.
    if kinds & {"failure", "error"} or status == "fail" or reason.startswith("Unable to find"):
        return "failed", reason
    if "skipped" in kinds or status in ("notrun", "disabled"):
        return "skipped", reason or "no reason was given"
    return "passed", reason


def counts(root):
    """A run without a single test is a failure: nothing may get lost on the way to the sum."""
    found = [outcome(case)[0] for case in root.iter("testcase")]
    if not found:
        return 0, 1, 0
    return found.count("passed"), found.count("failed"), found.count("skipped")


def skips(root):
    """One sentence for each skipped test."""
    for case in root.iter("testcase"):
        kind, reason = outcome(case)
        if kind == "skipped":
            yield f"skipped: {case.get('name')}: {' '.join(reason.split())}"


if __name__ == "__main__":
    tree = xml.parse(sys.argv[1]).getroot()
    print(*counts(tree))
    for line in skips(tree):
        print(line)
