"""Files that appear whole or not at all: a full disk or Ctrl-C never leaves half of one, nor destroys the old one."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from core.errors import BadInput, KizunaError

DISK_FAULTS = {
    errno.ENOSPC: "no space is left on the disk; free some",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EFBIG: "the file would be larger than the system allows; raise the limit (ulimit -f) or write elsewhere",
    errno.EROFS: "the file system is read-only; write elsewhere",
    errno.EACCES: "permission is denied; change the rights, or use another place",
    errno.EPERM: "permission is denied; change the rights, or use another place",
    errno.ENOTDIR: "a part of the path is a file; write elsewhere",
    errno.EEXIST: "it is a file, and a folder is needed there; write elsewhere",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.EISDIR: "it is a folder; name a file",
}
"What a user can mend when a file cannot be written or read."
FAULTS_OF_DATABASES = {
    "database or disk is full": errno.ENOSPC,
    "No space left on device": errno.ENOSPC,
    "attempt to write a readonly database": errno.EACCES,
    "unable to open database file": errno.EACCES,
    "Permission denied": errno.EACCES,
    "Read-only file system": errno.EROFS,
}
"What SQLite and DuckDB say, also inside the errors of MLflow, Optuna and SQLAlchemy."
FILE_OF_DUCKDB = re.compile(r'file "([^"]+)"')
PARTLY_WRITTEN = re.compile(r"\d+ requested and \d+ written")
"What numpy says instead of the system's fault, where the disk was full in the middle of an array."
TABLE_FILES = (".csv", ".parquet")
TEMPORARY = re.compile(r"\.(.+)\.\d+")
"The name of the file beside the one that `replace_file` writes."


def write_for_owner_only() -> None:
    """Create files as 0600 and folders as 0700 from now on, in this process and those that it starts.

    Whatever Kizuna writes can tell about customers: releases, ledger, tasks, decisions, reports, exports.
    """
    os.umask(0o077)


@contextmanager
def replace_file(path: Path) -> Generator[Path]:
    """A temporary file beside `path`, which replaces it at the end of the block; folders are created."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with name_place(path):
            yield temporary
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def name_place(path: Path) -> Generator[None]:
    """Name this file or folder in faults of the disk that name none, as those of a full disk do."""
    try:
        yield
    except Exception as fault:
        number = _number_of(fault)
        if isinstance(fault, KizunaError) or number not in DISK_FAULTS or _place_of(fault):
            raise
        raise OSError(number, os.strerror(number), str(path)) from fault


def require_place(path: Path, *, is_folder: bool = False) -> None:
    """Raise BadInput where a file (or the files of a folder) cannot be written, without writing anything.

    Called before the work whose result goes there. Folders that are missing are created later.
    """
    temporary = path / "file"
    try:
        if not is_folder:
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, "", str(path))
            temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.stat()
    except FileNotFoundError:
        folder = next(one for one in temporary.parents if one.exists())
        fault = errno.EACCES if folder.is_dir() else errno.ENOTDIR
        if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
            return
        raise BadInput(f"{path}: {DISK_FAULTS[fault]}") from None
    except OSError as error:
        raise BadInput(
            f"{path}: {DISK_FAULTS.get(error.errno or 0, 'it cannot be written; write elsewhere')}"
        ) from None


def require_table_file(path: Path) -> None:
    """Raise BadInput for a file that is neither .csv nor .parquet, or cannot be written."""
    if path.suffix not in TABLE_FILES:
        raise BadInput(f"{path}: unknown file type; use .csv or .parquet")
    require_place(path)


def describe_disk_fault(fault: BaseException) -> str:
    """What is wrong with a file or the disk, and how to mend it; '' for any other fault."""
    advice, place = DISK_FAULTS.get(_number_of(fault) or 0, ""), _place_of(fault)
    where = f"{place}: " if place else ""
    return f"{where}{advice}, then run the command again; files that were there are as before" if advice else ""


def _number_of(fault: BaseException) -> int | None:
    """The number of the system's fault; None for any other fault."""
    return _system_fault(fault) if isinstance(fault, OSError) else _database_fault(fault)


def _place_of(fault: BaseException) -> str:
    """The file that a fault names; '' if it names none."""
    if isinstance(fault, OSError):
        return _name_file(fault.filename) if fault.filename else ""
    match = FILE_OF_DUCKDB.search(str(fault))
    return match[1] if match else ""


def _system_fault(fault: OSError) -> int | None:
    """The number of the system's fault; a part of an array that could not be written is a full disk."""
    return errno.ENOSPC if fault.errno is None and PARTLY_WRITTEN.match(str(fault)) else fault.errno


def _name_file(name: str | bytes | int) -> str:
    """The file that the user asked for, where the fault is that of the temporary one beside it."""
    path = Path(os.fsdecode(name)) if isinstance(name, str | bytes) else Path(str(name))
    temporary = TEMPORARY.fullmatch(path.name)
    return str(path.with_name(temporary[1]) if temporary else path)


def _database_fault(fault: BaseException) -> int | None:
    """The number of a system's fault that a database reports in words, in this error or one that led to it."""
    error: BaseException | None = fault
    while error is not None:
        for words, number in FAULTS_OF_DATABASES.items():
            if words in str(error):
                return number
        error = error.__cause__ or error.__context__
    return None
