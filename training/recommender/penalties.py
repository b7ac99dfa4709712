"""The ridge penalty of EASE, chosen on the oldest validation task before the trials.

No single penalty fits all shops: in units of the largest eigenvalue, .05 is best where customers buy again, and loses
a tenth of NDCG@10 to .15 and .5 where they do not.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.choosing import mean_with_standard_error
from models.recommenders.blend import BlendRecommender
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.ease import dense_gb
from training.recommender.rows import RankingTask
from training.recommender.trials import SKIPPED_ERRORS
from training.run.recipe import Recipe
from training.run.session import Progress

EASE, PENALTY = "ease", "regularization"
PENALTIES = (0.15, 0.5)
"Tried after the default, weakest first, while each is better than the one before."
MAX_CUSTOMERS = 1000
"Customers who are asked."
MAX_DENSE_GB = 0.25
"Memory of one inverse above which trying several costs too much: 6,500 items."


def choose_penalty(
    recipes: Mapping[str, Recipe], task: RankingTask, *, seed: int, progress: Progress
) -> dict[str, Recipe]:
    """The recipes with another penalty of EASE where it is better than the default by more than one standard error.

    Blends of which EASE is a part get it too, unless their own part settings state one.
    """
    if EASE not in recipes or dense_gb(len(task.past.item_ids)) > MAX_DENSE_GB:
        return dict(recipes)
    sampled = task.sample(MAX_CUSTOMERS, seed=seed)
    best, gain = None, None
    try:
        default = ndcg = sampled.ndcg(sampled.answer(recipes[EASE]))
        for penalty in PENALTIES:
            stronger = sampled.ndcg(sampled.answer(recipes[EASE].with_settings({PENALTY: penalty})))
            # Beyond the best penalty every stronger one is worse, so it is not fitted.
            if stronger.mean() <= ndcg.mean():
                break
            best, ndcg = penalty, stronger
            gain = mean_with_standard_error(sampled.truth.customer_ids, ndcg - default)
    except SKIPPED_ERRORS:
        return dict(recipes)
    if best is None or gain is None or gain.value <= gain.standard_error:
        return dict(recipes)
    progress.note(f"ease: {PENALTY} {best} has {gain} more NDCG@10 in validation than its default")
    return {name: _with_penalty(name, recipe, penalty=best) for name, recipe in recipes.items()}


def _with_penalty(name: str, recipe: Recipe, *, penalty: float) -> Recipe:
    if name == EASE:
        return recipe.with_settings({PENALTY: penalty})
    model = recipe.build(RECOMMENDERS)
    if not isinstance(model, BlendRecommender) or EASE not in model.part_names:
        return recipe
    return recipe.with_settings({"part_settings": model.merge_part_settings({EASE: {PENALTY: penalty}})})
