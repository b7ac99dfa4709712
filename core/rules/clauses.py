"""The clauses of a rule that `and` joins: as text, and how many customers each excludes alone.

mrr > 0 and (plan == 'gold' or seats >= 5)      has the clauses      mrr > 0
                                                                     plan == 'gold' or seats >= 5
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.i18n.message import Message
from core.rules.rule import Column, Rule
from core.rules.tree import AllOf, AnyOf, Compare, Missing, Name, Node, Not, Operand, Value

WHOLE = "the rule '{rule}' excludes all {n}"
MOST = "of the rule '{rule}', the clause '{clause}' excludes most, {n_excluded} of {n}"
WITH_MISSING = "{sentence}; for {n_unknown} of them a value is missing"


@dataclass(frozen=True, kw_only=True)
class ClauseExclusion:
    """How many customers a clause of a rule excludes, whatever the other clauses do."""

    clause: str
    n_excluded: int
    n_unknown: int
    "Of these, the customers whose value is missing, so that the clause is unknown."


def split_clauses(rule: Rule) -> tuple[str, ...]:
    """The parts of a rule that `and` joins, in their order; the whole rule if it has one part."""
    return tuple(part.text for part in _parts(rule))


def count_exclusions(rule: Rule, columns: Mapping[str, Column]) -> tuple[ClauseExclusion, ...]:
    """The customers that each clause excludes, the clause that excludes most first.

    `columns` are (n,) each, at least one. Raises RuleError as `Rule.evaluate`.
    """
    counts = [_count(part, columns) for part in _parts(rule)]
    return tuple(sorted(counts, key=lambda one: -one.n_excluded))


def describe_empty_rule(clauses: Sequence[ClauseExclusion], *, rule: str, n_customers: int) -> Message:
    """Why no customer fits a rule: the clause that excludes most, which comes first in `clauses`."""
    most = clauses[0]
    values = {"rule": rule, "clause": most.clause, "n_excluded": most.n_excluded, "n": n_customers}
    sentence = Message(WHOLE if len(clauses) == 1 else MOST, values)
    if not most.n_unknown:
        return sentence
    return Message(WITH_MISSING, {"sentence": sentence, "n_unknown": most.n_unknown})


def _count(rule: Rule, columns: Mapping[str, Column]) -> ClauseExclusion:
    holds, fails = rule.evaluate(columns), Rule(rule.text, Not(rule.tree)).evaluate(columns)
    return ClauseExclusion(clause=rule.text, n_excluded=int((~holds).sum()), n_unknown=int(np.sum(~holds & ~fails)))


def _parts(rule: Rule) -> tuple[Rule, ...]:
    if not isinstance(rule.tree, AllOf):
        return (rule,)
    return tuple(Rule(render_rule(part), part) for part in rule.tree.parts)


def render_rule(node: Node) -> str:
    """The text of a tree; parsing it gives the tree again."""
    match node:
        case Compare(operator, left, right):
            return f"{_operand(left)} {operator} {_operand(right)}"
        case Missing(column):
            return f"{column.name} is missing"
        case Not(Missing(column)):
            return f"{column.name} is not missing"
        case Not(part):
            return f"not {_bracket(part)}"
        case AllOf(parts):
            return " and ".join(_bracket(part) for part in parts)
        case AnyOf(parts):
            return _list_of(parts) or " or ".join(_bracket(part) for part in parts)


def _bracket(node: Node) -> str:
    is_simple = isinstance(node, Compare | Missing) or (isinstance(node, AnyOf) and _list_of(node.parts))
    return render_rule(node) if is_simple or isinstance(node, Not) else f"({render_rule(node)})"


def _list_of(parts: tuple[Node, ...]) -> str:
    """`plan in ('gold', 'silver')` where all parts compare one name with values; '' elsewhere."""
    tests = [part for part in parts if isinstance(part, Compare) and _tests_value(part)]
    if len(tests) < len(parts) or len({test.left for test in tests}) != 1:
        return ""
    return f"{_operand(tests[0].left)} in ({', '.join(_operand(test.right) for test in tests)})"


def _tests_value(test: Compare) -> bool:
    return test.operator == "==" and isinstance(test.left, Name) and isinstance(test.right, Value)


def _operand(side: Operand) -> str:
    if isinstance(side, Name):
        return side.name
    if isinstance(side.value, str):
        return "'" + side.value.replace("'", "''") + "'"
    number = float(side.value)
    return repr(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
