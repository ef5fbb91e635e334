"""Which articles of a collection belong together, directly or through others."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Groups"]


class Groups:
    """Which positions belong together: a forest of disjoint sets.

    References:
        Tarjan, "Efficiency of a good but not linear set union algorithm", 1975.
    """

    def __init__(self) -> None:
        """Start with every position in a group of its own."""
        self._parents: dict[int, int] = {}

    def __len__(self) -> int:
        """Return how many positions are in any group."""
        return len(self._parents)

    def __contains__(self, position: int) -> bool:
        """Return whether a position is in any group."""
        return position in self._parents

    def __iter__(self) -> Iterator[int]:
        """Iterate over the positions that are in any group."""
        return iter(self._parents)

    def join(self, one: int, other: int) -> None:
        """Put two positions, and all that belong to them, in one group."""
        first, second = sorted((self._root(one), self._root(other)))
        self._parents[second] = first

    def all(self) -> Iterable[Sequence[int]]:
        """Return the groups, each by ascending position."""
        groups: dict[int, array[int]] = defaultdict(lambda: array("q"))
        for position in sorted(self._parents):
            groups[self._root(position)].append(position)
        return groups.values()

    def _root(self, position: int) -> int:
        parents = self._parents
        parent = parents.setdefault(position, position)
        while parent != position:
            parents[position] = parents[parent]  # halving the path is all the balance it needs
            position, parent = parent, parents[parent]
        return position
