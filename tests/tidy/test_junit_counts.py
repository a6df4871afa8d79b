"""The sum in the last line of tests/run.sh: nothing that failed or did not run counts as passed."""

import sys
import xml.etree.ElementTree as xml

import pytest

from tree import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from junit_counts import counts, skips  # noqa: E402

CASES = [
    ('<testcase name="a" status="run"/>', (1, 0, 0)),
    ('<testcase name="a" status="fail"><failure message="x"/></testcase>', (0, 1, 0)),
    ('<testcase name="a"><error message="no fixture"/></testcase>', (0, 1, 0)),
    ('<testcase name="a"><skipped message="why"/></testcase>', (0, 0, 1)),
    ('<testcase name="a" status="notrun"><skipped message="not here"/></testcase>', (0, 0, 1)),
    ('<testcase name="a"><skipped message="Unable to find executable"/></testcase>', (0, 1, 0)),
    ('<testcase name="a"/><testcase name="b"><failure/></testcase>', (1, 1, 0)),
    ("", (0, 1, 0)),
]


@pytest.mark.parametrize("inner, expected", CASES)
def test_counts(inner, expected):
    suites = xml.fromstring(f"<testsuites><testsuite>{inner}</testsuite></testsuites>")
    assert counts(suites) == expected


def test_each_skip_has_its_reason():
    suites = xml.fromstring('''<testsuites><testsuite>
        <testcase name="a"/><testcase name="b"><skipped message="no data&#10; here"/></testcase>
        <testcase name="c" status="disabled"/><testcase name="d"><failure message="x"/></testcase>
        </testsuite></testsuites>''')
    assert list(skips(suites)) == ["skipped: b: no data here",
                                   "skipped: c: no reason was given"]
