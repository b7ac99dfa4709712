"""The policies, discovered in this folder: a module that defines `POLICY` is a policy of the module's name."""

from __future__ import annotations

from core.catalogue import Catalogue
from models.protocols import Policy

POLICIES: Catalogue[type[Policy]] = Catalogue.of_folder("models.policies", attribute="POLICY")
