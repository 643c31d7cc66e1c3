"""A selection of a matrix in which every two values of any two columns meet."""

import itertools


def pairwise(columns, allowed=lambda row: True):
    """Rows (tuples, one value of each column), few of them, always the same ones."""
    rows = [row for row in itertools.product(*columns) if allowed(row)]
    numbers = list(itertools.combinations(range(len(columns)), 2))
    pairs = {row: {(a, row[a], b, row[b]) for a, b in numbers} for row in rows}
    missing = set().union(*pairs.values())
    chosen = []
    while missing:
        best = max(rows, key=lambda row: len(pairs[row] & missing))
        chosen.append(best)
        missing -= pairs[best]
    return chosen
