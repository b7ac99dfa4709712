from typing import Any

class DataType:
    def is_numeric(self) -> bool: ...

int32: Any
