"""The columns that mailing tools and CRMs import: which field of a decision goes under which header.

kizuna       every field of every customer, with the parts of the value and the reason of customers who get nothing
mail         mailing tools
salesforce   upsert of contacts by an external id; custom fields end in __c
hubspot      import of contacts by the property customer_id
line         messages to LINE user ids, as `identities` of the kind 'line' name them

All but the first hold contacts that are made, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from core.catalogue import Catalogue

FIELDS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("offer_id", pa.string()),
        ("kind", pa.string()),
        ("channel", pa.string()),
        ("send_at", pa.string()),
        ("send_at_source", pa.string()),
        ("channel_source", pa.string()),
        ("frequency_limit", pa.string()),
        ("sentence", pa.string()),
        ("language", pa.string()),
        ("treated", pa.bool_()),
        ("no_contact", pa.string()),
        ("no_contact_rule", pa.string()),
        ("expected_value", pa.float64()),
        ("acceptance", pa.float64()),
        ("margin", pa.float64()),
        ("retained", pa.float64()),
        ("cost", pa.float64()),
        ("fatigue", pa.float64()),
        ("sources", pa.string()),
        ("currency", pa.string()),
        ("propensity", pa.float64()),
        ("choice_propensity", pa.float64()),
        ("policy", pa.string()),
        ("campaign_id", pa.string()),
        ("stage_percent", pa.int32()),
        ("decision_id", pa.string()),
        ("release_id", pa.string()),
        ("line_user_id", pa.string()),
    ]
)
"Every field of a decision. send_at is ISO 8601 with the offset of the business's time zone."


@dataclass(frozen=True)
class FileLayout:
    """One kind of file."""

    headers: Mapping[str, str]
    "Header by field, in the order of the columns."
    contacts_only: bool = True
    "Whether customers who get nothing are left out."
    needs: tuple[str, ...] = field(default=())
    "Fields without which a row is left out."

    def columns(self) -> pa.Schema:
        """The columns with their types."""
        return pa.schema([(header, FIELDS.field(name).type) for name, header in self.headers.items()])


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


LAYOUTS: Catalogue[FileLayout] = Catalogue(
    "layouts",
    {
        "kizuna": FileLayout(_same(*(name for name in FIELDS.names if name != "line_user_id")), contacts_only=False),
        "mail": FileLayout({"customer_id": "external_id", **_same("offer_id", "channel", "send_at", "sentence")}
                       | _same("language", "decision_id")),
        "salesforce": FileLayout(
            {
                "customer_id": "External_Id__c",
                "offer_id": "Kizuna_Offer__c",
                "channel": "Kizuna_Channel__c",
                "send_at": "Kizuna_Send_At__c",
                "sentence": "Kizuna_Message__c",
                "expected_value": "Kizuna_Expected_Value__c",
                "decision_id": "Kizuna_Decision_Id__c",
            }
        ),
        "hubspot": FileLayout(
            {
                "customer_id": "customer_id",
                "offer_id": "kizuna_offer",
                "channel": "kizuna_channel",
                "send_at": "kizuna_send_at",
                "sentence": "kizuna_message",
                "expected_value": "kizuna_expected_value",
                "decision_id": "kizuna_decision_id",
            }
        ),
        "line": FileLayout(
            {"line_user_id": "userId", "sentence": "text", "send_at": "sendAt", "offer_id": "offerId"}
            | {"decision_id": "decisionId"},
            needs=("line_user_id",),
        ),
    },
)  # fmt: skip
