"""What boards ask: what if churn, price, margin or the cost of winning a customer were different?

churn=0.02    set         price=+5%   5 % more than now         margin=+3pt   three points more than now
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.errors import BadInput, did_you_mean
from insights.finance.lifetime import Economics

FIELDS = {"churn": "monthly_churn", "price": "mrr", "margin": "margin", "cac": "acquisition_cost"}
"What can be changed, as asked for and as `Economics` calls it."
SHARES = ("churn", "margin")
ASKED = re.compile(r"(?P<name>\w+)\s*=\s*(?P<sign>[+-]?)(?P<amount>\d+(?:\.\d+)?)\s*(?P<unit>%|pt)?")


@dataclass(frozen=True)
class Change:
    """From a figure now to the figure that is supposed."""

    factor: float = 1.0
    added: float = 0.0

    def of(self, now: float) -> float:
        """The figure that is supposed."""
        # What is set replaces even what has no bound.
        return now * self.factor + self.added if self.factor else self.added


@dataclass(frozen=True)
class WhatIf:
    """A supposition; what it does not name stays as it is."""

    changes: Mapping[str, Change] = field(default_factory=dict)
    "By name, as in FIELDS."
    label: str = ""
    "As it was asked."

    def applied(self, now: Economics) -> Economics:
        """The economics afterwards; margin and churn stay between 0 and 1."""
        then = {FIELDS[name]: change.of(getattr(now, FIELDS[name])) for name, change in self.changes.items()}
        bounded = {name: min(1.0, max(0.0, then[name])) for name in ("monthly_churn", "margin") if name in then}
        return replace(now, **(then | bounded))


def asked(texts: Sequence[str]) -> WhatIf:
    """What several texts such as 'churn=0.02' suppose together. Raises BadInput for one that cannot be meant."""
    return WhatIf(dict(_change(text) for text in texts), ", ".join(texts))


def _change(text: str) -> tuple[str, Change]:
    found = ASKED.fullmatch(text.strip())
    if found is None:
        raise BadInput(f"a what-if reads like churn=0.02, price=+5% or margin=+3pt, found '{text}'")
    name, amount, unit = found["name"], float(found["amount"]), found["unit"]
    if name not in FIELDS:
        raise BadInput(f"a what-if of '{name}' is unknown{did_you_mean(name, FIELDS)}")
    signed = -amount if found["sign"] == "-" else amount
    if found["sign"] and unit == "%":
        return name, Change(factor=max(0.0, 1 + signed / 100))
    share = signed / 100 if unit else signed
    if (unit is not None and name not in SHARES) or (unit == "pt" and not found["sign"]):
        raise BadInput(
            f"'{text}' has no meaning: give {name}={amount:g}, {name}=+{amount:g}% or, of a share, +{amount:g}pt"
        )
    if found["sign"]:
        return name, Change(added=share)
    if name in SHARES and share > 1:
        raise BadInput(f"{name} lies between 0 and 1, found {share:g}; write {name}={share:g}% for {share / 100:g}")
    return name, Change(factor=0.0, added=share)


USUAL = tuple(asked([text]) for text in ("churn=-20%", "price=+5%", "margin=+5pt", "cac=-20%"))
"What a report supposes where nothing is asked."
