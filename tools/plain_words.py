"""Find words and constructions that a reader of this field would stumble over; `make check` fails on any.

    python tools/plain_words.py               # every tracked file
    python tools/plain_words.py serving docs  # some folders

Prose is checked line by line in every tracked text file. Python names are checked in the syntax tree: functions are
verbs, not bare participles (`load_tables`, not `tables_loaded` or `loaded`), and variables name the thing.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

TEXT = {".py", ".md", ".toml", ".j2", ".ipynb", ".yaml", ".yml", ".css", ".po"}
EXEMPT = {"tools/plain_words.py", "tests/tools/test_plain_words.py"}
"Files that have to quote what they forbid."

PHRASES = {
    r"\b(is|are|was|were|be|been|being) (told|said to|said of|heard|laid|spoken)\b": "say who does what",
    r"\b(told|tell|tells|telling) (apart|of|by|from)\b": "distinguish, report, compute from",
    r"\b(speak|speaks|spoke|spoken|speaking) of\b": "mention, describe, map to",
    r"\bwho (refused|left|was judged|leaves|bought|has left|was not)\b": "customers who ..., churned customers",
    r"\bof whom\b|\bfor whom\b|\bwhoever\b": "customers who ..., the person who",
    r"\bthe other way round\b": "inverse",
    r"\b(lay|lays|laid|lies|lay) (on|beside|out|in wait)\b": "attribute to, compare with, store",
    r"\bwhat (lies|stands)\b|\bstands? (in|beside|there|once|alone)\b": "is, has, contains, means",
    r"\bin force\b": "active",
    r"\bmakes? up for\b": "backfill",
    r"\b(has|have|had) to be meant\b|\bis meant\b|\bcan(not)? be meant\b": "is valid",
    r"\b(set|sets|setting) aside\b": "exclude",
    r"\bas one likes\b|\bas it (comes|is asked)\b": "leave out",
    r"\bwhose turn\b|\bturn by turn\b": "allocate",
    r"\b(witness|witnessed|carelessness|oddity|oddities|newcomers?|ladder|rungs?)\b": "see the glossary",
    r"\b(everybody|nobody|somebody|anybody)('s)?\b": "every customer, all customers, no customer, someone",
    r"\blearnt\b": "learned, trained on, fitted on",
    r"\bthe (bar|word|words) (for|that|of)\b": "baseline, text",
    r"\bat the counter\b|\bthe shelf\b|\bshelves\b": "endpoint, catalogue",
    r"\b(beforehand|thereof|whereof|wherein|heretofore|so many more)\b": "in advance; say it plainly",
    r"\bso many (days|points|months|customers|items|orders|rows|of)\b": "name the number: this many days, `n` days",
    r"\bin (so|as) many words\b|\bfor good\b": "say it plainly",
    r"\bunasked\b|\bof its own accord\b": "automatically",
    r"\bhow sure\b": "uncertainty",
    r"\bput (into|in) force\b|\bgoes? into force\b": "activate",
}
"Pattern to the plain words to use instead."

PARTICIPLES = {
    "told", "said", "found", "known", "built", "made", "kept", "left", "shown", "written", "drawn", "chosen", "taken",
    "given", "seen", "learnt", "brought", "sent", "held", "laid", "won", "gone", "spoken", "bought", "sold", "heard",
    "worn", "borne", "put", "spread",
}  # fmt: skip
NOT_PARTICIPLES = {"need", "needs", "feed", "seed", "speed", "embed", "exceed", "proceed", "bed", "shed", "red", "weed"}
DATE_ENDINGS = ("_on", "_at", "_until")
"A property that is a day is named as the column of a table is: `ended_on`."
VAGUE = {"found", "told", "said", "asked", "known", "here", "stated", "judged", "wanted", "learnt", "heard"}
"Variables that say neither what they hold nor of what."


def tracked(places: list[str]) -> list[Path]:
    """Every tracked text file below the places."""
    listed = subprocess.run(["git", "ls-files", *places], capture_output=True, text=True, check=True).stdout.split("\n")
    return [Path(name) for name in listed if name and name not in EXEMPT and Path(name).suffix in TEXT]


def phrases_in(text: str) -> Iterator[tuple[int, str]]:
    """Line number and complaint for each phrase."""
    for number, line in enumerate(text.split("\n"), start=1):
        for pattern, plain in PHRASES.items():
            match = re.search(pattern, line, re.IGNORECASE)
            if match:
                yield number, f"'{match[0]}': {plain}"


def names_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line number and complaint for each function that is a bare participle and each variable that is vague."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_participle(node):
            yield node.lineno, f"def {node.name}: start with a verb, or a noun for a property"
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in VAGUE:
            yield node.lineno, f"{node.id} = ...: name what it holds"
        elif isinstance(node, ast.arg) and node.arg in VAGUE:
            yield node.lineno, f"parameter {node.arg}: name what it holds"


def _is_participle(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    if node.name.startswith("test_"):
        return False
    if node.name.endswith(DATE_ENDINGS) and any(ast.unparse(mark) == "property" for mark in node.decorator_list):
        return False
    first = node.name.strip("_").split("_")[0]
    return first in PARTICIPLES or (first.endswith("ed") and first not in NOT_PARTICIPLES)


def complaints(path: Path) -> Iterator[tuple[int, str]]:
    """Everything to mend in one file."""
    text = path.read_text(encoding="utf-8")
    # The changelog quotes old names in code spans.
    yield from phrases_in(re.sub(r"`[^`\n]*`", "", text) if path.suffix == ".md" else text)
    if path.suffix == ".py":
        yield from names_in(ast.parse(text))


def main(places: list[str]) -> int:
    """Print every complaint; the exit code says whether there was any."""
    all_complaints = [
        (path, line, complaint) for path in tracked(places) for line, complaint in sorted(complaints(path))
    ]
    for path, line, complaint in all_complaints:
        print(f"{path}:{line}: {complaint}")
    print(f"{len(all_complaints)} complaints in {len({path for path, *_ in all_complaints})} files")
    return int(bool(all_complaints))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
