"""The settings of a proposal for programs."""

from __future__ import annotations

import json
from pathlib import Path

from tables.discovery.document import describe_proposal
from tables.discovery.proposal import Proposal, Setting, TableSection


def test_the_document_has_no_password_and_paths_as_in_the_toml():
    sections = (
        TableSection(name="customers", evidence="", settings=(Setting("database", "postgres://me:hush@host/shop"),)),
        TableSection(name="purchases", evidence="", settings=(Setting("path", "/data/exports/orders.csv"),)),
    )
    proposal = Proposal(head=(), churn=(), tables=sections)

    document = describe_proposal(proposal, Path("/data/kizuna.toml"))

    assert "hush" not in json.dumps(document)
    values = [table["settings"][0]["value"] for table in document["tables"]]
    assert values == ["postgres://me:${KIZUNA_DATABASE_PASSWORD}@host/shop", "exports/orders.csv"]
