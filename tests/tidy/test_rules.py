"""Every rule finds the fault that is planted for it, and says nothing about a tidy tree."""

import json
import shutil

import pytest

import fault_rules
import layout
import rules
import schema_rules
from test_tree import RULES
from tree import ROOT

GOOD_HEADER = "/* Adds. */\n#pragma once\n\nint add(int a, int b);\n"
GOOD_SOURCE = (
    '#include "base/add.h"\n\nstatic const struct {\n    int n;\n} units[] = {\n    {1},\n};\n\n'
    "int add(int a, int b) {\n    return a + b + units[0].n;\n}\n"
)
GOOD_SCHEMA = {
    "type": "record",
    "namespace": "floorwalker.v1",
    "name": "Tick",
    "doc": "Time.",
    "fields": [
        {
            "name": "at",
            "type": {"type": "long", "logicalType": "timestamp-millis"},
            "doc": "when, epoch ms",
        },
        {"name": "why", "type": ["null", "string"], "default": None, "doc": "reason"},
        {
            "name": "kind",
            "type": {"type": "enum", "name": "Kind", "symbols": ["UNKNOWN"], "default": "UNKNOWN"},
            "doc": "kind",
        },
    ],
}


@pytest.fixture(name="tree")
def fixture_tree(tmp_path):
    """A small tidy project; plant(path, text) adds a file to it."""

    def plant(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return tmp_path

    shutil.copy(ROOT / ".clang-format", tmp_path / ".clang-format")
    plant("processor/base/CMakeLists.txt", "fw_library(base)\n")
    plant("processor/base/add.h", GOOD_HEADER)
    plant("processor/base/add.c", GOOD_SOURCE)
    plant("schemas/Tick.avsc", json.dumps(GOOD_SCHEMA) + "\n")
    plant("deploy/run.sh", '#!/usr/bin/env bash\nset -eu\necho "$1"\n')
    return plant


def rows(count, row="int x;\n"):
    return row * count


def schema_with(change):
    schema = json.loads(json.dumps(GOOD_SCHEMA))
    change(schema)
    return json.dumps(schema) + "\n"


def java_body(count):
    return "class A {\n    void f() {\n" + "        f();\n" * (count - 2) + "    }\n}\n"


def body(count):
    return "int f(void) {\n" + "    f();\n" * (count - 3) + "    return 0;\n}\n"


C = "processor/core/a.c"
TICK = "schemas/Tick.avsc"
PLANTED = [
    (rules.arrows, "processor/base/a.c", '#include "core/x.h"\n', "base may not include core/x.h"),
    (rules.arrows, "processor/io/a.c", '#include "engine/engine.h"\n', "engine/engine.h"),
    (rules.arrows, "processor/extra/a.c", "int x;\n", "extra is none of"),
    (rules.link_edges, "processor/core/CMakeLists.txt", "fw_library(core DEPS fw_io)\n", "fw_io"),
    (rules.outside_libraries, C, "#include <uv.h>\n", "uv.h belongs to io"),
    (rules.outside_libraries, "processor/cli/a.c", "#include <hiredis/async.h>\n", "hiredis"),
    (rules.purity, C, "#include <time.h>\n", "<time.h> in core"),
    (rules.purity, C, 'int f(void) {\n    return getenv("A") != 0;\n}\n', "a.c:2: getenv()"),
    (rules.columns, "loadtest/A.java", "// " + "x" * 100 + "\n", "A.java:1: 103 columns"),
    (rules.columns, C, "/* " + "x" * 100 + " */\n", "a.c:1: 106 columns"),
    (rules.file_lengths, C, rows(600), "600 lines"),
    (rules.function_lengths, C, body(71), "f() has 71 lines"),
    (rules.function_lengths, "loadtest/A.java", java_body(71), "f() has 71 lines"),
    (rules.function_lengths, "tests/a.py", "def f():\n" + "    f()\n" * 70, "f() has 71 lines"),
    (rules.header_form, "processor/core/a.h", "#pragma once\n", "must be a comment"),
    (rules.header_form, "processor/core/a.h", "/* A. */\nint x;\n", "#pragma once is missing"),
    (rules.global_state, C, "static int counter;\n", "counter is global"),
    (rules.global_state, C, "struct {\n    int n;\n} table[] = {{1}};\n", "table is global"),
    (rules.marks, C, "/* TO" + "DO */\n", "a.c:1"),
    (rules.dead_code, C, "#if 0\nint x;\n#endif\n", "never built"),
    (rules.dead_code, C, "// f(x);\n", "code in a comment"),
    (rules.white_space, C, "int x; \n", "white space at the end"),
    (rules.white_space, C, "int x;", "no end"),
    (rules.white_space, C, "\tint x;\n", "a tab"),
    (rules.host_names, "Dockerfile", "FROM docker." + "io/debian\n", "Dockerfile:1"),
    (rules.sleeping_tests, "tests/unit/a.c", "int f(void) {\n    return usleep(1);\n}\n", "a.c:2"),
    (layout.layout, C, "int f( void );\n", "a.c:1: not laid out"),
    (rules.shell_scripts, "deploy/bad.sh", "#!/usr/bin/env bash\nif\n", "bad.sh"),
    (rules.shell_scripts, "deploy/bad.sh", "#!/usr/bin/env bash\ncd /x$Y/*\nx=1\n", "SC2034"),
    (rules.named_tests, "tests/a.md", "`unit/a.c::b` does it\n", "a.md:1: there is no test"),
    (rules.data_files, "deploy/a.json", "{,}\n", "not JSON"),
    (rules.data_files, "deploy/a.xml", "<a>\n", "not XML"),
    (rules.data_files, "loadtest/a.svg", "<svg>\n", "not XML"),
    (schema_rules.schemas, TICK, '{"type": "record"}\n', "no Avro schema"),
    (schema_rules.schemas, TICK, schema_with(lambda s: s.update(name="Tock")), "one name"),
    (schema_rules.schemas, TICK, schema_with(lambda s: s.update(namespace="x")), "namespace"),
    (schema_rules.schemas, TICK, schema_with(lambda s: s.pop("doc")), "has no doc"),
    (schema_rules.schemas, TICK, schema_with(lambda s: s["fields"][0].pop("doc")), "Tick.at"),
    (schema_rules.schemas, TICK, schema_with(lambda s: s["fields"][1].pop("default")), "nullable"),
    (
        schema_rules.schemas,
        TICK,
        schema_with(lambda s: s["fields"][0].update(name="seen_at", type="long")),
        "timestamp-millis",
    ),
    (
        schema_rules.schemas,
        TICK,
        schema_with(lambda s: s["fields"][2]["type"].update(symbols=["A", "UNKNOWN"])),
        "begin with UNKNOWN",
    ),
    (
        fault_rules.wrong_contracts,
        "processor/config/a.c",
        'void f(void) {\n    reader_fault(r, 1, "do", "a %s is \\"%s\\"", a, b);\n}\n',
        'a.c:2: no case of tests/unit/config/wrong shows "a %s is "%s""',
    ),
    (
        fault_rules.wrong_contracts,
        "tests/unit/config/wrong/two/expected",
        "a.yaml:1: x\na.yaml:2: note: y\na.yaml:3: z\n",
        "expected` tells 2 faults",
    ),
]


@pytest.mark.parametrize(
    "rule, name, text, expected", PLANTED, ids=[f"{p[0].__name__}-{p[3]}" for p in PLANTED]
)
def test_planted(tree, rule, name, text, expected):
    found = rule(tree(name, text))
    assert any(expected in finding for finding in found), found
    assert all(name.split("/")[-1] in finding for finding in found), found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_tidy_tree_is_silent(tree, rule):
    assert rule(tree("README.md", "A page.\n")) == []


def test_every_rule_has_a_planted_fault():
    assert {p[0].__name__ for p in PLANTED} == {rule.__name__ for rule in RULES}


def test_tables_are_laid_out_by_hand(tree):
    table = "#define ROWS(X) \\\n    X(A, 1) X(B, 2) \\\n    X(C, 3)\n"
    assert layout.layout(tree(C, table)) == []
    found = layout.layout(tree(C, table + "int f( void );\n"))
    assert any("a.c:4" in finding for finding in found), found
