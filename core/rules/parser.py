"""Parser of the rule language. Nothing in a rule is evaluated as Python.

rule        all { "or" all }
all         not { "and" not }
not         "not" not | "(" rule ")" | test
test        operand ( ==|!=|<|<=|>|>= operand | ["not"] "in" list | "is" ["not"] "missing" )
list        "(" value { "," value } ")" | "[" value { "," value } "]"
operand     name | value
value       number | 'text' (a quote inside is doubled) | true (1) | false (0)

docs/decisions/0011-rule-parser.md compares this parser with sqlglot.
"""

from __future__ import annotations

import math
import re
from typing import cast

from core.errors import RuleError
from core.rules.tree import AllOf, AnyOf, Compare, Missing, Name, Node, Not, Operand, Operator, Value

MAX_LENGTH = 4_000
MAX_DEPTH = 40
TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
    | (?P<text>'(?:[^'\0]|'')*'|"(?:[^"\0]|"")*")
    | (?P<operator>==|!=|<=|>=|<|>)
    | (?P<mark>[()\[\],])
    | (?P<word>[^\W\d]\w*(?:\.\w+)*)
    )""",
    re.VERBOSE,
)
KEYWORDS = frozenset({"and", "or", "not", "in", "is", "missing", "true", "false"})
END = ("end", "")


def parse_tree(text: str) -> Node:
    """Parse a rule into its syntax tree. Raises RuleError, quoting the place of the error."""
    if len(text) > MAX_LENGTH:
        raise RuleError(f"a rule has {len(text)} characters; {MAX_LENGTH} is the most")
    return _Parser(text).parse()


class _Parser:
    """Recursive descent over the tokens. Nesting is limited, so that no text exhausts the stack."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokenize(text)
        self._position = 0
        self._depth = 0

    def parse(self) -> Node:
        node = self._rule()
        if self._next != END:
            raise self._syntax_error("'and', 'or' or the end")
        return node

    def _rule(self) -> Node:
        parts = [self._all()]
        while self._accept("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> Node:
        parts = [self._not()]
        while self._accept("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _not(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise RuleError(f"a rule is nested more than {MAX_DEPTH} deep: '{self._text[:60]}...'")
        node = self._negation_or_brackets()
        self._depth -= 1
        return node

    def _negation_or_brackets(self) -> Node:
        if self._accept("not"):
            return Not(self._not())
        if self._accept("("):
            node = self._rule()
            self._expect(")")
            return node
        return self._test()

    def _test(self) -> Node:
        left = self._operand()
        kind, token = self._next
        if kind == "operator":
            self._position += 1
            return Compare(cast(Operator, token), left, self._operand())
        if self._accept("is"):
            return self._is_missing(left)
        if self._accept("not"):
            self._expect("in")
            return Not(self._in(left))
        self._expect("in", "a comparison, 'in' or 'is missing'")
        return self._in(left)

    def _is_missing(self, left: Operand) -> Node:
        is_negated = self._accept("not")
        self._expect("missing")
        if isinstance(left, Value):
            raise RuleError(f"only a name can be missing, not {left.value!r}, in the rule '{self._text}'")
        return Not(Missing(left)) if is_negated else Missing(left)

    def _in(self, left: Operand) -> Node:
        closing = ")" if self._accept("(") else "]"
        if closing == "]":
            self._expect("[", "a list such as ('a', 'b')")
        values = [self._value()]
        while self._accept(","):
            values.append(self._value())
        self._expect(closing)
        tests = tuple(Compare("==", left, value) for value in values)
        return tests[0] if len(tests) == 1 else AnyOf(tests)

    def _operand(self) -> Operand:
        kind, token = self._next
        if kind != "name":
            return self._value()
        self._position += 1
        return Name(token)

    def _value(self) -> Value:
        kind, token = self._next
        self._position += 1
        if kind == "number" and math.isfinite(float(token)):
            return Value(float(token))
        if kind == "text" and len(token) > 2:
            return Value(token[1:-1].replace(token[0] * 2, token[0]))
        if kind == "keyword" and token in ("true", "false"):
            return Value(float(token == "true"))
        self._position -= 1
        raise self._syntax_error("a name, a number or a 'text' that is not empty")

    @property
    def _next(self) -> tuple[str, str]:
        return self._tokens[self._position]

    def _accept(self, word: str) -> bool:
        """Move past the next token if it is this keyword or mark."""
        kind, token = self._next
        is_next = kind in ("keyword", "mark") and token == word
        self._position += is_next
        return is_next

    def _expect(self, word: str, expected: str | None = None) -> None:
        if not self._accept(word):
            raise self._syntax_error(expected or f"'{word}'")

    def _syntax_error(self, expected: str) -> RuleError:
        kind, token = self._next
        actual = "its end" if kind == "end" else f"'{token}'"
        return RuleError(f"the rule '{self._text}' has {actual} where {expected} was expected")


def _tokenize(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = TOKEN.match(text, position)
        if match is None:
            rest = text[position:].lstrip()[:20]
            hint = "; write == for equality" if rest.startswith("=") else ""
            raise RuleError(f"the rule '{text}' cannot be read from '{rest}' on{hint}")
        group = str(match.lastgroup)
        tokens.append(_token(group, match[group]))
        position = match.end()
    return [*tokens, END]


def _token(group: str, token: str) -> tuple[str, str]:
    if group != "word":
        return group, token
    return ("keyword", token.lower()) if token.lower() in KEYWORDS else ("name", token)
