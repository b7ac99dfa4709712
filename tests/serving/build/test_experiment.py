"""`kizuna release` with [recommender_experiment]: the challenger beside the champion, or a plain error."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest

from core.config.recommender_experiment import RecommenderExperiment
from core.errors import ConfigError, NotFound
from core.recommender_experiment import Arm
from features.interactions import load_interactions
from kizuna.commands.watch import champion_reader
from models.mlflow_store import registry
from models.mlflow_store.package import ModelPackage
from models.recommenders.engine.base import Recommender
from models.recommenders.item_knn import ItemKnn
from models.recommenders.popularity import Popularity
from serving.build.exports.files import EXPORTS, ExportOptions
from serving.build.inputs import Champions
from serving.build.release import build_release
from serving.http.app import all_endpoints
from serving.http.trial import verify_answers
from serving.release.release import Release
from tables.tables import Tables
from tests.serving.build.test_release import card
from tests.serving.conftest import client_for, open_api
from tests.serving.sample_release import publish
from tests.worlds import config, frame, shop

CUTOFF, NOW = date(2024, 6, 1), datetime(2024, 6, 1, tzinfo=UTC)
LINES = [f"c{n:02} 2024-0{1 + n % 5}-1{n % 9} item_id=i{(n * step) % 7}" for n in range(30) for step in range(1, 4)]
CUSTOMERS = [f"c{n:02}" for n in range(30)]
ITEMS = frame(*({"item_id": f"i{n}", "price": 5.0, "category": "tea"} for n in range(7)))
EXPERIMENT = RecommenderExperiment(name="home_page", challenger="@challenger", share=0.3)


def package(model: Recommender, version: int) -> ModelPackage:
    described = msgspec.structs.replace(card("recommender", {}), version=version, model=model.name)
    return ModelPackage(described, model.to_artifact())


class FoundVersion(NamedTuple):
    version: int
    package: ModelPackage


@dataclass(frozen=True)
class Versions:
    """A registry of recommenders; the champion is version 3."""

    recommenders: dict[int | str, ModelPackage]

    def find(self, kind: str, version_or_alias: int | str) -> FoundVersion:
        if kind != "recommender" or version_or_alias not in self.recommenders:
            raise NotFound(f"no '{version_or_alias}' of kizuna.shop.{kind}; versions: 3, 4")
        package = self.recommenders[version_or_alias]
        return FoundVersion(package.card.version or 0, package)

    def package(self, registered: FoundVersion) -> ModelPackage:
        return registered.package

    def aliases(self, kind: str) -> dict[str, int]:
        names = [name for name in self.recommenders if isinstance(name, str) and kind == "recommender"]
        return {name: self.find(kind, name).version for name in names}


def tables_of(**options: Any) -> Tables:
    return shop(*LINES, settings=config(watermark=CUTOFF, attributes={"items": ()}, **options), items=ITEMS)


def versions_of(tables: Tables) -> Versions:
    """Popularity is the champion, an item_knn version 4, the challenger."""
    interactions = load_interactions(tables, CUTOFF)
    champion, second = (package(kind().fit(interactions, CUTOFF), n) for kind, n in ((Popularity, 3), (ItemKnn, 4)))
    return Versions({"champion": champion, 3: champion, 4: second, "challenger": second})


def release_of(tables: Tables, versions: Versions | None = None, *, skip: tuple[str, ...] = ()) -> Release:
    """Build as `kizuna release` does."""
    fake: Any = versions or versions_of(tables)
    champions = Champions.of(fake, skip, experiment=tables.config.recommender_experiment)
    return build_release(tables.config, tables, champions=champions, cutoff=CUTOFF, created_at=NOW)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_release_has_the_challenger_as_its_recommender_alone_would_be(tmp_path):
    release = release_of(tables_of(recommender_experiment=EXPERIMENT))
    versions = versions_of(tables_of())
    alone = release_of(tables_of(), Versions({"champion": versions.recommenders[4]})).recommender
    experiment = release.experiment

    assert experiment is not None
    assert alone is not None
    assert (experiment.name, experiment.share, experiment.has_same_items) == ("home_page", 0.3, True)
    assert np.array_equal(experiment.challenger.top.best.items, alone.top.best.items)
    assert release.recommender is not None
    assert experiment.challenger.customers is release.recommender.customers
    assert release.description.models["recommender.challenger"].version == 4
    assert release.description.champions == {"recommender": 3, "recommender.challenger": 4}
    assert set(msgspec.json.decode(release.cards)) == {"recommender", "recommender.challenger"}
    verify_answers(Release.open(publish(tmp_path, release)), all_endpoints(), folder=tmp_path)


def test_without_the_section_a_release_has_no_second_recommender_and_the_same_bytes(tmp_path):
    with_it = publish(tmp_path / "with", release_of(tables_of(recommender_experiment=EXPERIMENT)))
    without = publish(tmp_path / "without", release_of(tables_of()))
    second = {name for name in files_of(with_it) if name.startswith(("challenger_", "experiment/"))}

    assert second
    assert files_of(without).keys() == files_of(with_it).keys() - second
    own = {"release.json", "cards.json"}
    assert {name: files_of(with_it)[name] for name in files_of(without).keys() - own} == {
        name: content for name, content in files_of(without).items() if name not in own
    }
    assert b"challenger" not in b"".join(files_of(without).values())
    assert b"experiment" not in b"".join(files_of(without).values())


def test_a_challenger_that_knows_other_items_has_folders_of_its_own(tmp_path):
    settings = config(watermark=CUTOFF, recommender_experiment=EXPERIMENT)
    tables = shop(*LINES, settings=settings)
    interactions = load_interactions(tables, CUTOFF)
    older = ItemKnn().fit(interactions.recode(interactions.item_ids[interactions.item_ids != "i2"]), CUTOFF)
    versions = versions_of(tables)
    versions.recommenders["challenger"] = package(older, 4)
    folder = publish(tmp_path, release_of(tables, versions))
    release = Release.open(folder)

    assert release.experiment is not None
    assert not release.experiment.has_same_items
    assert release.experiment.challenger.model.item_ids.tolist() == [f"i{n}" for n in (0, 1, 3, 4, 5, 6)]
    assert release.experiment.challenger.arm == Arm.CHALLENGER
    assert (folder / "challenger_customers").is_dir()
    verify_answers(release, all_endpoints(), folder=tmp_path)


def test_the_export_has_for_each_customer_the_items_of_the_arm_that_answers(tmp_path):
    release = release_of(tables_of(recommender_experiment=EXPERIMENT))
    experiment = release.experiment
    assert experiment is not None

    rows = [row for block in EXPORTS["recommendations"].rows(release, ExportOptions(k=3)) for row in block]

    by_customer = {name: [row for row in rows if row["customer_id"] == name] for name in CUSTOMERS}
    assert {name: {row["model_version"] for row in of_one} for name, of_one in by_customer.items()} == {
        name: {4 if experiment.arm_of(name) == Arm.CHALLENGER else 3} for name in CUSTOMERS
    }
    assert len({experiment.arm_of(name) for name in CUSTOMERS}) == 2
    assert [row["customer_id"] for row in rows if row["rank"] == 1] == CUSTOMERS
    publish(tmp_path / "releases", release)
    send = client_for(open_api(tmp_path / "releases"))
    for name in CUSTOMERS:
        answer = send("POST", "/v1/recommendations", json={"customer_id": name, "k": 3}).json()
        assert [row["item_id"] for row in by_customer[name]] == [item["item_id"] for item in answer["items"]]
        assert by_customer[name][0]["model_version"] == answer["model"]["version"]


@pytest.mark.parametrize(
    ("challenger", "message"),
    [
        (9, r"challenger = 9: no '9' of kizuna.shop.recommender; versions: 3, 4"),
        ("@best", r"challenger = '@best': no 'best' of kizuna.shop.recommender; versions: 3, 4"),
        (3, r"challenger = 3 is version 3, the champion itself"),
        ("champion", r"challenger = 'champion' is version 3, the champion itself"),
    ],
)
def test_a_challenger_that_cannot_be_is_named_with_its_setting(challenger, message):
    experiment = msgspec.structs.replace(EXPERIMENT, challenger=challenger)

    with pytest.raises(ConfigError, match=rf"^\[recommender_experiment\] {message}"):
        release_of(tables_of(recommender_experiment=experiment))


def test_an_experiment_without_a_champion_is_missing_with_the_reason():
    tables = tables_of(recommender_experiment=EXPERIMENT)
    versions = versions_of(tables)
    del versions.recommenders["champion"]
    offers = frame({"offer_id": "voucher", "kind": "discount", "cost": 1.0, "margin": 5.0})
    with_offers = shop(*LINES, settings=tables.config, items=ITEMS, offers=offers)

    release = release_of(with_offers, versions)

    assert release.experiment is None
    assert "no recommender that the challenger could be compared with" in release.description.missing["experiment"]
    assert "recommender.challenger" not in release.description.models


def test_the_watch_reads_the_versions_that_the_release_of_them_has(monkeypatch):
    tables = tables_of(recommender_experiment=EXPERIMENT)
    versions = versions_of(tables)
    monkeypatch.setattr(registry, "Registry", lambda *_: versions)
    read = champion_reader(tables.config)

    assert read() == release_of(tables, versions).description.champions
    # A release that leaves the recommender out knows of both, and the watch does not publish another one for them.
    fake: Any = versions
    assert read() == Champions.of(fake, ("recommender",), experiment=EXPERIMENT).versions

    del versions.recommenders["challenger"]
    assert read() == {"recommender": 3}
