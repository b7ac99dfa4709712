"""Files that appear whole or not at all: a full disk or Ctrl-C never leaves half of one, nor destroys the old one."""

from __future__ import annotations

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

DISK_FAULTS = {
    errno.ENOSPC: "no space is left on the disk; free some",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EROFS: "the file system is read-only; write elsewhere",
    errno.EACCES: "permission is denied; write elsewhere, or change the rights",
    errno.EPERM: "permission is denied; write elsewhere, or change the rights",
    errno.ENOTDIR: "a part of the path is a file; write elsewhere",
    errno.EISDIR: "it is a folder; name a file",
}
"What a user can mend when a file cannot be written or read."


@contextmanager
def replace_file(path: Path) -> Generator[Path]:
    """A temporary file beside `path`, which replaces it at the end of the block; folders are created."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def describe_disk_fault(fault: OSError) -> str:
    """What is wrong with a file or the disk, and how to mend it; '' for any other fault of the system."""
    advice = DISK_FAULTS.get(fault.errno or 0, "")
    place = f"{fault.filename}: " if fault.filename else ""
    return f"{place}{advice}, then run the command again; files that were there are as before" if advice else ""
