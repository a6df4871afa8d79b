"""The project keeps the house rules."""

import pytest

import fault_rules
import layout
import rules
import schema_rules
from tree import ROOT

RULES = [
    rules.arrows,
    rules.link_edges,
    rules.outside_libraries,
    rules.purity,
    rules.columns,
    rules.file_lengths,
    rules.function_lengths,
    rules.header_form,
    rules.global_state,
    rules.marks,
    rules.dead_code,
    rules.white_space,
    rules.host_names,
    rules.sleeping_tests,
    layout.layout,
    rules.shell_scripts,
    rules.data_files,
    rules.named_tests,
    schema_rules.schemas,
    fault_rules.wrong_contracts,
]


MOST_SHOWN = 40


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_tree(rule):
    found = rule(ROOT)
    if found:
        pytest.fail(f"{len(found)} findings:\n" + "\n".join(found[:MOST_SHOWN]), pytrace=False)
