"""The policies, by name."""

from __future__ import annotations

from core.catalogue import Shelf
from models.policies.expected_value import ExpectedValue

POLICIES: Shelf[type[ExpectedValue]] = Shelf("models.policies", {ExpectedValue.name: ExpectedValue})
