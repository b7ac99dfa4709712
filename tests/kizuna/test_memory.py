"""A long command uses memory again that its process has freed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

COUNT_NEW_PAGES = """
import resource
import numpy as np
from kizuna.memory import keep_freed_memory

{call}
np.ones(8_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    np.ones(8_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def count_new_pages(call: str) -> int:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    command = [sys.executable, "-c", COUNT_NEW_PAGES.format(call=call)]
    return int(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has the setting")
def test_arrays_of_64_mb_created_one_after_another_take_the_same_memory():
    assert count_new_pages("keep_freed_memory()") < count_new_pages("") / 5
