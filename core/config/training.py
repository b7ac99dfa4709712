"""`[churn]`, `[cutoffs]`, `[risk_levels]`, `[hazard]`, `[value]`, `[recommender]`: training and testing of models."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from core.config.section import MOST_MONTHS, NonNegativeDays, PositiveDays, PositiveFloat, PositiveInt, Section
from core.window import DAYS_PER_HORIZON_MONTH

Definition = Literal["no_purchase", "overdue", "subscription_ended", "no_usage"]


RETENTION_PURPOSES = (
    "retention", "retain", "winback", "churn", "reactivat", "save desk", "lapsed",
    "継続促進", "解約防止", "解約抑止", "引き止め", "引止め", "離反防止", "離脱防止", "休眠", "呼び戻し",
    "リテンション",
)  # fmt: skip
"Words in the names of campaigns that try to keep customers or to bring them back, in English and Japanese."


class ChurnDefinition(Section, frozen=True):
    """What churn means for this business."""

    definition: Definition = "no_purchase"
    """\
    no_purchase: no purchase within the horizon. overdue: no purchase within a multiple of the customer's usual gap.
    subscription_ended: the subscription ends without renewal. no_usage: no usage within the horizon."""
    horizon_days: PositiveDays = 90
    "Length of the window in which a customer churns or not."
    gap_days: NonNegativeDays = 0
    "Days between cutoff and horizon: the time that the business needs to act."
    overdue_multiple: PositiveFloat = 3.0
    "For overdue: a customer churns after this many of their usual gaps between purchases."
    grace_days: NonNegativeDays = 30
    "For subscription_ended: a renewal within this many days is no churn."
    each_subscription: bool = False
    "For subscription_ended: whether one ended subscription is churn although the customer has others."
    retention_purposes: tuple[str, ...] = RETENTION_PURPOSES
    """\
    Contacts made to keep a customer: those whose `purpose` or `campaign_id` contains one of these words, whatever its
    case, blanks, `-` and `_`. Beside them, contacts with an offer of `[offers] saving_kinds`."""


class PredictedEvent(Section, frozen=True):
    """An event that is predicted for each customer, e.g. who buys from a category, upgrades, renews or comes back."""

    table: str
    "The table whose rows are the events, e.g. purchases. A row happens at the time of its table."
    where: str = ""
    """\
    Rule that a row must fit, over the columns of the table and, where it has item_id, those of items:
    `category == 'tea'`. Rows of subscriptions also have `change` (new, upgrade, downgrade, renewal or return),
    `mrr_before` and `mrr_after`. Without a rule, every row is an event. A return is no purchase."""
    horizon_days: PositiveDays = 90
    "Length of the window in which the event happens or not."
    gap_days: NonNegativeDays = 0
    "Days between cutoff and horizon."
    customers: Literal["active", "lapsed", "all"] = "active"
    """\
    Which customers it is predicted for. active: the customers of the churn model. lapsed: those who were active before,
    but not in the last `active_days`. all: both."""


class Cutoffs(Section, frozen=True):
    """The days that separate past and future. Without `train` and `test`, they are chosen from the history."""

    train: tuple[date, ...] = ()
    "Training cutoffs."
    test: date | None = None
    "Test cutoff, later than all training cutoffs."
    step_days: PositiveDays | None = None
    "Days between training cutoffs that are chosen from the history. Without, 14 to 30, the more the longer it is."
    max_cutoffs: PositiveInt | None = None
    """\
    Number of training cutoffs that are chosen from the history, at most. Without, 12, and up to 24 where they hold
    fewer than 24,000 rows."""


class RiskLevels(Section, frozen=True):
    """Churn probabilities at which a risk level begins. `medium` has to be below `high`."""

    medium: Annotated[float, Meta(gt=0, lt=1)] = 0.3
    "Risk is medium from this churn probability on."
    high: Annotated[float, Meta(gt=0, lt=1)] = 0.6
    "Risk is high from this churn probability on."

    def __post_init__(self) -> None:
        if not self.medium < self.high:
            raise ValueError(f"medium ({self.medium:g}) has to be below high ({self.high:g})")


class UpliftSettings(Section, frozen=True):
    """Training of uplift models: what contacts change, learned from `contacts` with a control group."""

    outcome: Literal["auto", "purchased", "converted", "amount", "stayed"] = "auto"
    """\
    What a contact is for. purchased: a purchase within the horizon. converted: `contacts.converted_at` within it.
    amount: the net amount bought within it. stayed: no churn, as `[churn]` defines it, after the contact. auto:
    purchased where there are purchases, else converted where control customers convert too, else stayed."""
    horizon_days: PositiveDays | None = None
    "Days after a contact that count; without, `[offers] answer_days`. stayed has the horizon of `[churn]`."
    treatment: Literal["offer_id", "kind", "campaign_id", "channel", "contact"] = "offer_id"
    """\
    What is compared with no contact: each offer, kind of offer, campaign or channel, or any contact. A campaign that
    has no offers counts as its own offer."""
    value: str = ""
    """\
    A feature that says what the outcome of a customer is worth, e.g. mean_order_value_365d; customers are then also
    ranked by uplift times value. Without, every outcome is worth the same."""
    models: tuple[str, ...] = ()
    "Candidates; empty means all. The baseline average_effect is always trained."
    max_cutoffs: PositiveInt = 12
    "Number of days at which features are computed; each contact gets those of the last day up to its own."


class HazardSettings(Section, frozen=True):
    """Training of the hazard model, which predicts when customers churn."""

    models: tuple[str, ...] = ()
    "Candidates; empty means all. The baseline kaplan_meier is always trained."
    horizon_months: Annotated[int, Meta(ge=1, le=MOST_MONTHS)] = 12
    "Length of the curves in months of 30 days; shorter if the history does not suffice to test it."
    period_days: PositiveDays = 30
    "Length of a period with constant hazard. At most the horizon."
    step_days: PositiveDays = 30
    "Days between candidate cutoffs, of which `max_cutoffs` are chosen evenly."
    max_cutoffs: PositiveInt = 12
    "Number of training cutoffs."

    def __post_init__(self) -> None:
        if self.horizon_months * DAYS_PER_HORIZON_MONTH < self.period_days:
            raise ValueError(
                f"period_days ({self.period_days}) is longer than horizon_months ({self.horizon_months} x 30 days)"
            )


class ValueSettings(Section, frozen=True):
    """Training of the value model, and the value that answers, segments and scores show."""

    horizon_days: Annotated[int, Meta(ge=1, le=1095)] = 365
    "Length of the window whose value is predicted; tested on a shorter one if the history does not suffice."
    revenue: Literal["all", "purchases", "subscriptions"] = "all"
    """\
    Which revenue is predicted. all: purchases and subscriptions. State one of them where the purchases are the invoices
    of the subscriptions, or revenue counts twice."""
    models: tuple[str, ...] = ()
    "Candidates; empty means all. The baseline last_year is always trained."
    step_days: PositiveDays = 30
    "Days between the cutoffs of past windows."
    max_cutoffs: PositiveInt = 4
    "Number of past windows that a model is fitted on, at most."


class RecommenderSettings(Section, frozen=True):
    """How recommenders are trained and tested, and how item lists are made."""

    k: PositiveInt = 10
    "Number of recommended items that count in tests."
    repeat_policy: Literal["auto", "allow", "due", "never"] = "auto"
    """\
    Items bought before: allowed, only when they are due to be bought again, or never. Default of tests and of the API.
    auto: never where fewer than 3 % of later purchases repeat an earlier one, allow elsewhere."""
    discovery: Annotated[float, Meta(ge=0, le=1)] = 0.3
    """\
    Weight of new items against repeats in item lists: items bought before lose this share of their score. On the
    validation data of three shops .3 costs no NDCG@10, by one standard error; larger weights do."""
    horizon_days: PositiveDays = 28
    "A test counts purchases within this many days after the cutoff."
    popularity_half_life_days: PositiveFloat = 30.0
    "Age at which a purchase counts half for popularity."
    new_item_days: PositiveDays = 90
    """\
    An item without any sale is new for this many days after items.available_from, or its first valid_from; an item
    without either date is new if it has a category or a listed attribute."""
    models: tuple[str, ...] = ()
    "Candidates; empty means all. The baseline popularity is always trained."
    trend_window_days: PositiveDays = 14
    "The trending list compares this many days with as many days before."
    bought_together_orders: PositiveInt = 5
    "Smallest number of orders with both items for the bought-together list."
