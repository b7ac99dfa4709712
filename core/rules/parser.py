"""A rule's text becomes a tree; nothing of it is ever evaluated as Python.

rule        all { "or" all }
all         not { "and" not }
not         "not" not | "(" rule ")" | test
test        operand ( ==|!=|<|<=|>|>= operand | ["not"] "in" list | "is" ["not"] "missing" )
list        "(" value { "," value } ")" | "[" value { "," value } "]"
operand     name | value
value       number | 'text' (a quote inside is doubled) | true (1) | false (0)
"""

from __future__ import annotations

import math
import re
from typing import cast

from core.errors import RuleError
from core.rules.tree import AllOf, AnyOf, Compare, Missing, Name, Node, Not, Operator, Value

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


def tree_of(text: str) -> Node:
    """Parse a rule. Raises RuleError that shows the place."""
    if len(text) > MAX_LENGTH:
        raise RuleError(f"a rule of {len(text)} characters; {MAX_LENGTH} is the most")
    return _Parser(text).whole()


class _Parser:
    """Recursive descent over the tokens; the depth is counted, so that no text exhausts the stack."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens_of(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        """The rule, which must end where the text does."""
        node = self._any()
        if self._next != END:
            raise self._unexpected("'and', 'or' or the end")
        return node

    def _any(self) -> Node:
        parts = [self._all()]
        while self._takes("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> Node:
        parts = [self._not()]
        while self._takes("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _not(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise RuleError(f"a rule nested more than {MAX_DEPTH} deep: '{self._text[:60]}...'")
        node = self._negated_or_bracketed()
        self._depth -= 1
        return node

    def _negated_or_bracketed(self) -> Node:
        if self._takes("not"):
            return Not(self._not())
        if self._takes("("):
            node = self._any()
            self._expect(")")
            return node
        return self._test()

    def _test(self) -> Node:
        left = self._operand()
        kind, token = self._next
        if kind == "operator":
            self._at += 1
            return Compare(cast(Operator, token), left, self._operand())
        if self._takes("is"):
            return self._is_missing(left)
        if self._takes("not"):
            self._expect("in")
            return Not(self._in(left))
        self._expect("in", "a comparison, 'in' or 'is missing'")
        return self._in(left)

    def _is_missing(self, left: Name | Value) -> Node:
        negated = self._takes("not")
        self._expect("missing")
        if isinstance(left, Value):
            raise RuleError(f"{left.value!r} is missing? only a name can be, in the rule '{self._text}'")
        return Not(Missing(left)) if negated else Missing(left)

    def _in(self, left: Name | Value) -> Node:
        closing = ")" if self._takes("(") else "]"
        if closing == "]":
            self._expect("[", "a list such as ('a', 'b')")
        values = [self._value()]
        while self._takes(","):
            values.append(self._value())
        self._expect(closing)
        tests = tuple(Compare("==", left, value) for value in values)
        return tests[0] if len(tests) == 1 else AnyOf(tests)

    def _operand(self) -> Name | Value:
        kind, token = self._next
        if kind != "name":
            return self._value()
        self._at += 1
        return Name(token)

    def _value(self) -> Value:
        kind, token = self._next
        self._at += 1
        if kind == "number" and math.isfinite(float(token)):
            return Value(float(token))
        if kind == "text" and len(token) > 2:
            return Value(token[1:-1].replace(token[0] * 2, token[0]))
        if kind == "keyword" and token in ("true", "false"):
            return Value(float(token == "true"))
        self._at -= 1
        raise self._unexpected("a name, a number or a 'text' that is not empty")

    @property
    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at]

    def _takes(self, word: str) -> bool:
        kind, token = self._next
        taken = kind in ("keyword", "mark") and token == word
        self._at += taken
        return taken

    def _expect(self, word: str, instead: str | None = None) -> None:
        if not self._takes(word):
            raise self._unexpected(instead or f"'{word}'")

    def _unexpected(self, wanted: str) -> RuleError:
        kind, token = self._next
        found = "its end" if kind == "end" else f"'{token}'"
        return RuleError(f"the rule '{self._text}' has {found} where {wanted} was expected")


def _tokens_of(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        match = TOKEN.match(text, place)
        if match is None:
            rest = text[place:].lstrip()[:20]
            hint = "; equality is written ==" if rest.startswith("=") else ""
            raise RuleError(f"the rule '{text}' cannot be read from '{rest}' on{hint}")
        tokens.append(_token(str(match.lastgroup), match[str(match.lastgroup)]))
        place = match.end()
    return [*tokens, END]


def _token(group: str, token: str) -> tuple[str, str]:
    if group != "word":
        return group, token
    return ("keyword", token.lower()) if token.lower() in KEYWORDS else ("name", token)
