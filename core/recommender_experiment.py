"""Two recommenders on live traffic: which of them answers a customer, and how a recommendation says so.

    hash of name and customer_id    0 -------- share -------------- 1
    arm                             | challenger |    champion     |

The hash needs no list: every worker and every release gives a customer the same arm. A `recommendation_id` of an
experiment ends with its name and the arm that answered, as in `5f0c2a9d.home_page.challenger`, so that the events
which name it are credited to that arm.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.control_group import hash_share, hash_shares
from core.model_kinds import RECOMMENDER


class Arm(StrEnum):
    """One of the two recommenders of an experiment."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"


MODEL_OF_ARM = {Arm.CHAMPION: RECOMMENDER.name, Arm.CHALLENGER: f"{RECOMMENDER.name}.{Arm.CHALLENGER}"}
"The name of each arm's model in a release."


def arm_of(customer_id: str, *, experiment: str, share: float) -> Arm:
    """The recommender that answers a customer; `share` is the challenger's, above 0 and below 1."""
    return Arm.CHALLENGER if hash_share(salt_of(experiment), customer_id) < share else Arm.CHAMPION


def are_challenged(
    customer_ids: Sequence[str] | NDArray[np.str_], *, experiment: str, share: float
) -> NDArray[np.bool_]:
    """Whether the challenger answers each customer, (n,)."""
    return hash_shares(salt_of(experiment), customer_ids) < share


def salt_of(experiment: str) -> str:
    """What the hash of an experiment is salted with: no control group of the same name may have the same customers."""
    return f"{experiment}:recommender"


def ending_of(experiment: str, arm: Arm) -> str:
    """How each `recommendation_id` of this arm ends."""
    return f".{experiment}.{arm}"
