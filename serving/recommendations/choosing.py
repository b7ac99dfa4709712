"""Chooses the recommender of a request: the champion or, in an experiment, the one of the customer's arm.

An experiment is on personal recommendations. The champion alone answers requests without a customer, those for a list
that is the same for all customers, and customers who refuse personal recommendations; they are in no arm. A visitor
has an arm by the visitor's id, and from `identify` on by the customer's.
"""

from __future__ import annotations

from core.ids import canonical_id
from core.recommender_experiment import Arm
from serving.http.schema import RequestContext
from serving.recommendations.recipient import find_recipient
from serving.recommendations.request import RecommendationsRequest
from serving.release.recommender_part import RecommenderPart


def find_arm(request: RecommendationsRequest, context: RequestContext) -> Arm | None:
    """The arm that answers a request; None outside of an experiment."""
    champion, experiment = context.release.recommender, context.release.experiment
    if experiment is None or champion is None or request.customer_id is None or request.is_list:
        return None
    who = find_recipient(champion, request.customer_id, journal=context.journal)
    if who.declines or who.customer_id is None:
        return None
    return experiment.arm_of(canonical_id(who.customer_id) or who.customer_id)


def find_released(context: RequestContext, arm: Arm | None) -> RecommenderPart | None:
    """The recommender of an arm as it was released; None if there is none."""
    experiment = context.release.experiment
    return experiment.challenger if arm == Arm.CHALLENGER and experiment else context.release.recommender
