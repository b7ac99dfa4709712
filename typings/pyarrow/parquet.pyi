from pathlib import Path
from typing import Any

from pyarrow import Schema

def read_schema(where: str | Path) -> Schema: ...
def __getattr__(name: str) -> Any: ...
