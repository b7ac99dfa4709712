from collections.abc import Sequence
from typing import Any

import ibis.expr.types as ir
from ibis.backends.sql import SQLBackend

class Backend(SQLBackend):
    def attach(self, path: str, name: str | None = None, read_only: bool = False) -> None: ...
    def read_csv(self, paths: Sequence[str] | str, /, *, table_name: str | None = None, **options: Any) -> ir.Table: ...
    def read_parquet(
        self, paths: Sequence[str] | str, /, *, table_name: str | None = None, **options: Any
    ) -> ir.Table: ...
