"""Writes the export files of `score`, `recommend` and `segments --members`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kizuna.terminal import show_step

if TYPE_CHECKING:
    from serving.build.exports.files import ExportOptions
    from serving.release.release import Release


@dataclass(frozen=True, kw_only=True)
class WrittenExport:
    """What is in an export file."""

    path: Path
    release_id: str
    n_rows: int
    n_excluded: int
    "Customers who are left out because they opted out."

    @property
    def document(self) -> dict[str, Any]:
        """The same for `--format json`."""
        return {
            "path": str(self.path),
            "release": self.release_id,
            "rows": self.n_rows,
            "excluded_customers": self.n_excluded,
        }


def export_release(name: str, path: Path, *, release: Release, options: ExportOptions, excel: bool) -> WrittenExport:
    """Write one kind of export of a release. Raises NotFound if the release does not contain its part."""
    from serving.build.exports.files import EXPORTS, write_export

    export = EXPORTS[name]
    with show_step(f"writing {name}"):
        n_rows = write_export(export, path, release=release, options=options, excel=excel)
    return WrittenExport(
        path=path,
        release_id=release.description.release_id,
        n_rows=n_rows,
        n_excluded=export.n_excluded(release, options),
    )
