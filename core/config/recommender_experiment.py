"""`[recommender_experiment]`: a second recommender beside the champion, for a share of the customers."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from core.config.section import PositiveInt, Section


class RecommenderExperiment(Section, frozen=True):
    """Two recommenders on live traffic: a hash of the customer's id decides which of them answers."""

    name: str
    """\
    1 to 64 characters: a-z, 0-9 and _, starting with a letter. The salt of the hash: another name divides the customers
    anew."""
    challenger: PositiveInt | str
    "The second recommender: a version of the registered recommender, such as 4, or an alias, such as '@challenger'."
    share: Annotated[float, Meta(gt=0, lt=1)]
    "Share of the customers whom the challenger answers. To change it, give the experiment another name."

    @property
    def version_or_alias(self) -> int | str:
        """The challenger as the registry finds it, without `@`."""
        return self.challenger if isinstance(self.challenger, int) else self.challenger.removeprefix("@")
