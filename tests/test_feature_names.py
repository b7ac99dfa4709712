"""Code names features and families with the constants of `core/feature_names.py`, and each of them is declared."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import get_args

import pytest

from core import feature_names
from core.config.training import PredictedEvent
from core.feature_names import FeatureFamily, KeyFigure, RuleVariable
from core.segmentation import ValueKind
from features.event_history import history_columns
from features.families.catalogue import all_features
from features.segments.rule_variables import KEY_FIGURES
from insights.causes.covariates import DEFAULT_FEATURES, SYMPTOMS
from insights.health.risk import BY_FAMILY, BY_NAME

ROOT = Path(__file__).parent.parent
PACKAGES = ("core", "tables", "simulation", "models", "features", "training", "insights", "serving", "kizuna")
DECLARATIONS = ("features/families/", "core/feature_names.py")

FEATURES = all_features()
OF_EVENTS = history_columns(PredictedEvent(table="purchases"))
"The features that only models of events have."
NAMES = {feature.name for feature in (*FEATURES, *OF_EVENTS)}
CONSTANTS = {name: value for name, value in vars(feature_names).items() if name.isupper()}

LOOKS_LIKE_A_FEATURE = re.compile(r"[a-z][a-z0-9_]*_(\d+d|total)|days_since_[a-z0-9_]+|main_[a-z_]+")
LOOKS_LIKE_A_PATTERN = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*_\*")
OTHER_NAMES = {
    *KeyFigure,
    "change_7d", "change_28d",  # columns of a day's health scores
    "days_since_basket",  # a feature of customer-item pairs: models/recommenders/reranking
}  # fmt: skip
"Names of the same form that are not features of customers."


def literals_of(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def families_by_literal(path: Path) -> Iterator[tuple[int, str]]:
    """Literals that code compares with, or assigns to, a column's `family`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare) and getattr(node.left, "attr", "") == "family":
            values = node.comparators
        elif isinstance(node, ast.keyword) and node.arg == "family":
            values = [node.value]
        else:
            continue
        yield from ((v.lineno, v.value) for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str))


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_declared(pattern: str) -> bool:
    return pattern in set(FeatureFamily) or any(fnmatchcase(name, pattern) for name in NAMES)


def test_every_constant_is_the_name_of_a_declared_feature():
    assert {name: value for name, value in CONSTANTS.items() if value not in NAMES} == {}


def test_the_families_are_those_of_the_declared_features():
    declared = {feature.family for feature in (*FEATURES, *OF_EVENTS)} | {FeatureFamily.ATTRIBUTES}

    assert declared == set(FeatureFamily)
    assert all(isinstance(feature.family, FeatureFamily) for feature in (*FEATURES, *OF_EVENTS))


def test_every_key_figure_is_computed_from_declared_features():
    assert set(KEY_FIGURES) == set(KeyFigure)
    assert {source for sources in KEY_FIGURES.values() for source in sources} - NAMES == set()
    assert {name for name in get_args(ValueKind) if name} <= set(KeyFigure)


def test_no_rule_variable_has_the_name_of_a_feature():
    assert NAMES.isdisjoint({*KeyFigure, *RuleVariable})


def test_no_literal_repeats_the_name_of_a_declared_feature():
    repeated = [
        f"{where(path)}:{line}: {text}"
        for path in modules()
        if not where(path).startswith(DECLARATIONS)
        for line, text in literals_of(path)
        if text in NAMES
    ]
    assert repeated == [], "use the constants of core/feature_names.py"


def test_every_literal_that_looks_like_a_feature_name_is_one():
    unknown = [
        f"{where(path)}:{line}: {text}"
        for path in modules()
        if not where(path).startswith(DECLARATIONS)
        for line, text in literals_of(path)
        if LOOKS_LIKE_A_FEATURE.fullmatch(text) and not is_declared(text) and text not in OTHER_NAMES
    ]
    assert unknown == []


def test_every_pattern_of_feature_names_matches_a_declared_feature():
    unknown = [
        f"{where(path)}:{line}: {text}"
        for path in modules()
        for line, text in literals_of(path)
        if LOOKS_LIKE_A_PATTERN.fullmatch(text) and not is_declared(text)
    ]
    assert unknown == []


def test_no_code_names_a_feature_family_by_a_literal():
    compared = [f"{where(path)}:{line}: {text}" for path in modules() for line, text in families_by_literal(path)]

    assert compared == [], "use FeatureFamily"


@pytest.mark.parametrize("pattern", [one for patterns in DEFAULT_FEATURES.values() for one in patterns])
def test_a_cause_is_driven_by_features_or_families_that_exist(pattern):
    assert is_declared(pattern)


def test_symptoms_and_health_dimensions_are_families_and_features_that_exist():
    assert {*SYMPTOMS, *BY_FAMILY} - set(FeatureFamily) == set()
    assert [pattern for pattern in BY_NAME if not is_declared(pattern)] == []


@pytest.mark.parametrize("text", ["net_amount_365d", "days_since_first_order", "orders_total"])
def test_names_of_features_look_like_feature_names(text):
    assert LOOKS_LIKE_A_FEATURE.fullmatch(text)
