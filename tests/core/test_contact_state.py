"""Answers to consents that are newer than a state of contacts."""

from __future__ import annotations

import numpy as np

from core.contact_state import ContactState


def test_newer_answers_replace_older_ones_by_customer_and_channel():
    state = ContactState.unknown(np.array(["ada", "bo", "cyd"])).replace_consents(
        {"bo": {"contact": False, "recommend": False}, "cyd": {"contact:mail": False}, "zoe": {"contact": False}}
    )

    assert state.refuses.tolist() == [False, True, False]
    assert state.refuses_in("Mail").tolist() == [False, True, True]

    state = state.replace_consents({"bo": {"contact": True}, "cyd": {"contact:mail": True}})

    assert not state.refuses_in("mail").any()
