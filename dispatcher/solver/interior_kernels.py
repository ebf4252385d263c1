"""
Products with a sparse matrix kept by columns, and a small Cholesky, for the interior-point method.

The Cholesky is our own because that of the linear-algebra libraries starts threads, which takes
ten times as long as the work at these sizes. Must not know what the columns mean.
"""

from __future__ import annotations

import numpy as np

from dispatcher.solver.kernels import _jit, _kept

# sums may be taken in any order
_loose = _kept(fastmath=True)


@_jit
def rows_of(ptr, row, value, x, out):
    """Fill A x, shape (rows,)."""
    out[:] = 0.0
    for j in range(ptr.shape[0] - 1):
        for at in range(ptr[j], ptr[j + 1]):
            out[row[at]] += value[at] * x[j]


@_jit
def columns_of(ptr, row, value, y, out):
    """Fill A' y, shape (columns,)."""
    for j in range(ptr.shape[0] - 1):
        total = 0.0
        for at in range(ptr[j], ptr[j + 1]):
            total += value[at] * y[row[at]]
        out[j] = total


@_jit
def normal_matrix(ptr, row, value, weight, out):
    """Fill the lower half of A diag(weight) A', shape (rows, rows); rows of a column rise."""
    out[:] = 0.0
    for j in range(ptr.shape[0] - 1):
        for a in range(ptr[j], ptr[j + 1]):
            scaled = weight[j] * value[a]
            for b in range(ptr[j], a + 1):
                out[row[a], row[b]] += scaled * value[b]


@_loose
def cholesky(matrix, ease):
    """
    Turn the lower half into its Cholesky factor.

    A row of which less than the share `ease` is its own depends on others and counts for nothing.
    """
    for i in range(matrix.shape[0]):
        row = matrix[i]
        for j in range(i):
            other = matrix[j]
            total = 0.0
            for k in range(j):
                total += row[k] * other[k]
            row[j] = (row[j] - total) / other[j]
        total = row[i]
        least = ease * total
        for k in range(i):
            total -= row[k] * row[k]
        row[i] = np.sqrt(total) if total > least else 1e60


@_loose
def substitute(factor, right, out):
    """Fill x with factor factor' x = right."""
    size = factor.shape[0]
    for i in range(size):
        total = right[i]
        row = factor[i]
        for k in range(i):
            total -= row[k] * out[k]
        out[i] = total / row[i]
    for i in range(size - 1, -1, -1):
        row = factor[i]
        out[i] /= row[i]
        for k in range(i):
            out[k] -= row[k] * out[i]


@_jit
def met_twice(ptr, task, member, memory, out):
    """
    Fill how often each route meets a second task of each cut, shape (routes, cuts).

    Parameters
    ----------
    ptr, task
        Routes by columns.
    member, memory
        Tasks of each cut, and those that do not make it forgotten, shape (cuts, tasks).
    """
    for j in range(ptr.shape[0] - 1):
        for c in range(member.shape[0]):
            once, times = False, 0
            for at in range(ptr[j], ptr[j + 1]):
                if member[c, task[at]]:
                    if once:
                        times += 1
                    once = not once
                elif not memory[c, task[at]]:
                    once = False
            out[j, c] = times


@_jit
def broken_triples(ptr, row, share, num_rows, least, out_triple, out_by):
    """
    Fill the triples of rows that routes break by more than `least`; returns how many.

    Parameters
    ----------
    ptr, row, share
        The rows of each route, each once, and how much of it.
    out_triple, out_by
        The three rows, shape (most, 3), and the excess, shape (most,).
    """
    pairs = np.zeros((num_rows, num_rows))
    for j in range(ptr.shape[0] - 1):
        for a in range(ptr[j], ptr[j + 1]):
            for b in range(ptr[j], ptr[j + 1]):
                pairs[row[a], row[b]] += share[j]
    takes = np.zeros((num_rows, ptr.shape[0] - 1), np.bool_)
    for j in range(ptr.shape[0] - 1):
        for a in range(ptr[j], ptr[j + 1]):
            takes[row[a], j] = True
    count = np.int64(0)
    for a in range(num_rows):
        for b in range(a + 1, num_rows):
            for c in range(b + 1, num_rows):
                total = pairs[a, b] + pairs[a, c] + pairs[b, c]
                if total <= 1.0 + least:
                    continue
                # a route with all three was counted three times
                for j in range(ptr.shape[0] - 1):
                    if takes[a, j] and takes[b, j] and takes[c, j]:
                        total -= 2.0 * share[j]
                if total <= 1.0 + least or count >= out_by.shape[0]:
                    continue
                out_triple[count, 0], out_triple[count, 1], out_triple[count, 2] = a, b, c
                out_by[count] = total - 1.0
                count += 1
    return count
