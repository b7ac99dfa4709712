"""The policies, by name."""

from __future__ import annotations

from core.catalogue import Catalogue
from models.policies.expected_value import ExpectedValue

POLICIES: Catalogue[type[ExpectedValue]] = Catalogue("models.policies", {ExpectedValue.name: ExpectedValue})
