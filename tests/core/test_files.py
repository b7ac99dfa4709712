"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from core.errors import BadInput
from core.files import describe_disk_fault, name_place, replace_file, require_place


def test_a_file_is_replaced_as_a_whole(tmp_path: Path):
    path = tmp_path / "new" / "report.html"

    for text in ("old", "new"):
        with replace_file(path) as temporary:
            temporary.write_text(text)

    assert path.read_text() == "new"
    assert [one.name for one in path.parent.iterdir()] == ["report.html"]


def test_a_fault_while_writing_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    path = tmp_path / "report.html"
    path.write_text("old")

    def write_half() -> None:
        with replace_file(path) as temporary:
            temporary.write_text("ne")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_half()

    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def test_a_full_disk_is_one_line_with_what_to_do():
    message = describe_disk_fault(OSError(errno.ENOSPC, "No space left on device", "r.html"))

    assert message.startswith("r.html: no space is left on the disk; free some, then run the command again")
    assert describe_disk_fault(OSError(errno.EIO, "Input/output error")) == ""


def test_a_fault_while_writing_names_the_file_that_could_not_be_written(tmp_path: Path):
    def write() -> None:
        with replace_file(tmp_path / "scores.csv") as temporary, temporary.open("w") as file:
            file.write("half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space") as fault:
        write()

    assert describe_disk_fault(fault.value).startswith(f"{tmp_path / 'scores.csv'}: no space is left on the disk")


@pytest.mark.parametrize(
    ("fault", "place"),
    [
        (sqlite3.OperationalError("database or disk is full"), "var"),
        (OSError(errno.ENOSPC, "No space left on device", "other.db"), "other.db"),
        (RuntimeError('IO Error: Could not write file "/tmp/sort_1.tmp": No space left on device'), "/tmp/sort_1.tmp"),
    ],
)
def test_a_place_is_named_unless_the_fault_names_its_own(fault: Exception, place: str):
    with pytest.raises(type(fault) if place != "var" else OSError) as named, name_place(Path("var")):
        raise fault

    assert describe_disk_fault(named.value).startswith(f"{place}: no space is left on the disk")


@pytest.mark.parametrize("fault", [ValueError("no number"), BadInput("the tables are on a Read-only file system")])
def test_other_faults_pass_a_place_as_they_are(fault: Exception):
    with pytest.raises(type(fault)) as passed, name_place(Path("var")):
        raise fault

    assert passed.value is fault


@pytest.mark.parametrize("path", ["", "..", "/"])
def test_a_folder_is_no_place_for_a_file(path: str):
    with pytest.raises(BadInput, match="it is a folder; name a file"):
        require_place(Path(path))


def test_an_array_that_does_not_fit_on_the_disk_is_recognised(tmp_path: Path):
    (tmp_path / "disk").symlink_to("/dev/full")

    with (tmp_path / "disk").open("wb") as full, pytest.raises(OSError, match="written") as fault:
        np.arange(100_000).tofile(full)

    assert describe_disk_fault(fault.value).startswith("no space is left on the disk; free some")


def test_a_file_above_the_limit_of_the_system_is_one_line():
    fault = OSError(errno.EFBIG, "File too large", "r.html")

    assert describe_disk_fault(fault).startswith("r.html: the file would be larger than the system allows; raise")


def test_a_fault_names_the_file_that_was_asked_for(tmp_path: Path):
    with pytest.raises(OSError, match="directory") as fault, replace_file(tmp_path) as temporary:
        temporary.write_text("new")

    assert describe_disk_fault(fault.value).startswith(f"{tmp_path}: it is a folder; name a file")


def test_a_disk_that_is_full_is_recognised_in_the_errors_of_databases():
    try:
        try:
            raise sqlite3.OperationalError("database or disk is full")
        except sqlite3.OperationalError as fault:
            raise RuntimeError("INSERT INTO runs (...) failed") from fault
    except RuntimeError as error:
        message = describe_disk_fault(error)

    assert message.startswith("no space is left on the disk; free some")
    assert describe_disk_fault(RuntimeError("INSERT INTO runs (...) failed")) == ""
