"""The public data sets that figures are measured on, with their terms of use."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from core.config.data_set import Config
from core.config.loading import read_config
from core.errors import SourceUnavailable

CONFIGS = Path(__file__).parent.parent / "configs"


@dataclass(frozen=True)
class DataSet:
    """A public data set with its configuration."""

    name: str
    description: str
    terms: str

    @property
    def config(self) -> Config:
        """The configuration of this data set."""
        return read_config(CONFIGS / f"{self.name}.toml", os.environ)


DATA_SETS = {
    data_set.name: data_set
    for data_set in (
        DataSet(
            "online_retail",
            "Online Retail II: order lines of a UK gift wholesaler, 2009-12-01 to 2010-11-30",
            "UCI Machine Learning Repository, CC BY 4.0",
        ),
        DataSet(
            "completejourney",
            "Complete Journey: a sample of 75,000 order lines of grocery households in 2017, with product categories",
            "84.51 degrees, CC0",
        ),
        DataSet(
            "cdnow",
            "CDNOW: all purchases of 23,570 customers who first bought in 1997 Q1, until 1998-06",
            "Fader & Hardie, free for research",
        ),
        DataSet(
            "telco",
            "Telco customer churn: 7,043 customers of a telephone company in six tables, without a date",
            "IBM sample data",
        ),
        DataSet(
            "ravenstack",
            "RavenStack: accounts, subscriptions, usage and tickets of a B2B software company, synthetic",
            "MIT-like",
        ),
    )
}


def data_set(name: str) -> DataSet:
    """Look up a data set by name. Raises SourceUnavailable where its files are not on this machine."""
    result = DATA_SETS[name]
    sources = (result.config.cross_section or result.config).tables
    paths = [source.path for source in sources.values() if source.path]
    missing = [path for path in paths if not Path(path).exists()]
    if missing:
        raise SourceUnavailable(f"no file of {name} at {missing[0]}; set KIZUNA_DATA to the folder of the public data")
    return result
