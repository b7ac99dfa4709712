"""A catalogue returns the object of a name, and lists its names when the name is unknown."""

from __future__ import annotations

import sys

import pytest

from core.catalogue import Catalogue
from core.errors import UnknownName

MAPPED = Catalogue("recommenders", {"als": 1, "item_knn": 2})

MODULES = {
    "zebra.py": "MODEL: int = 26\n",
    "als.py": "from . import names\nMODEL = 1\n",
    "popularity.py": "class MODEL:\n    pass\n",
    "names.py": '"""A helper of models; MODEL is only mentioned here."""\nfrom os import sep as MODEL\n\nNAME = 1\n',
    "nested.py": "def build():\n    MODEL = 1\n    return MODEL\n",
    "_private.py": "MODEL = 2\n",
    "__init__.py": "MODEL = 3\n",
}


@pytest.fixture(name="package")
def _package(tmp_path, monkeypatch):
    """A package on the path with a folder of three models and some modules that are none; its dotted name."""
    folder = tmp_path / f"kinds_{tmp_path.name}"
    (folder / "models").mkdir(parents=True)
    (folder / "__init__.py").touch()
    for name, source in MODULES.items():
        (folder / "models" / name).write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    return f"{folder.name}.models"


def test_a_catalogue_is_read_like_a_mapping():
    assert dict(MAPPED) == {"als": 1, "item_knn": 2}
    assert "als" in MAPPED
    assert "ease" not in MAPPED
    assert len(MAPPED) == 2


def test_an_unknown_name_raises_an_error_that_lists_the_names():
    with pytest.raises(UnknownName, match="no 'als2' in recommenders; there are: als, item_knn; did you mean 'als'"):
        MAPPED["als2"]
    with pytest.raises(UnknownName, match=r"no 'transformer' in recommenders; there are: als, item_knn$"):
        MAPPED["transformer"]


def test_a_folder_lists_the_modules_that_define_the_attribute_and_imports_none(package):
    models = Catalogue.of_folder(package, attribute="MODEL")

    assert list(models) == ["als", "popularity", "zebra"]
    assert "zebra" in models
    assert "names" not in models
    assert [name for name in sys.modules if name.startswith(package)] == []


def test_a_folder_imports_only_the_module_asked_for(package):
    models = Catalogue.of_folder(package, attribute="MODEL")

    assert models["zebra"] == 26
    assert sorted(name for name in sys.modules if name.startswith(package)) == [package, f"{package}.zebra"]


def test_a_folder_names_its_modules_where_one_is_unknown(package):
    models = Catalogue.of_folder(package, attribute="MODEL")

    with pytest.raises(UnknownName, match="no 'als2' in models; there are: als, popularity, zebra; did you mean"):
        models["als2"]


def test_names_given_first_come_first(package):
    assert list(Catalogue.of_folder(package, attribute="MODEL", first=("zebra",))) == ["zebra", "als", "popularity"]

    with pytest.raises(UnknownName, match="nested does not define MODEL"):
        list(Catalogue.of_folder(package, attribute="MODEL", first=("nested",)))
