"""The inverse of a large symmetric matrix, in place.

Beyond `AT_ONCE` rows by halves, for OpenBLAS crashes where several threads factorise more than some 26,000 rows:

    A = [P Q; Q' R],  S = R - Q' P^-1 Q,  A^-1 = [P^-1 + W S^-1 W', -W S^-1; -S^-1 W', S^-1],  W = P^-1 Q
"""

from __future__ import annotations

import numpy as np
from scipy.linalg.lapack import spotrf, spotri

AT_ONCE = 16_384
"Rows that are factorised at once."

BYTES_A_CELL = 6
"Taken at the most: 4 for the cell itself, and two quarters of the matrix while halves are put together."


def invert(matrix: np.ndarray, at_once: int = AT_ONCE) -> None:
    """Turn (n, n) float32 into its inverse. Raises LinAlgError where it is not positive definite."""
    n = len(matrix)
    if n <= at_once:
        _invert_whole(matrix)
        return
    half = n // 2
    p, q, r = matrix[:half, :half], matrix[:half, half:], matrix[half:, half:]
    invert(p, at_once)
    w = p @ q
    r -= q.T @ w
    invert(r, at_once)
    np.matmul(w, r, out=q)
    np.negative(q, out=q)
    p -= q @ w.T
    matrix[half:, :half] = q.T


def _invert_whole(matrix: np.ndarray) -> None:
    factor, fault = spotrf(matrix.T, overwrite_a=True)
    if fault:
        raise np.linalg.LinAlgError(f"the leading {fault} rows are not positive definite")
    inverse, _ = spotri(factor, overwrite_c=True)
    for row in range(len(matrix)):
        matrix[row, row:] = matrix[row:, row] = inverse[row, row:]
