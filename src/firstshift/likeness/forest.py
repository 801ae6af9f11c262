"""Which photographs hang together so far: a union–find forest over indices."""

from __future__ import annotations


class Forest:
    def __init__(self, images: int) -> None:
        self._parent = list(range(images))
        self._size = [1] * images

    def root(self, image: int) -> int:
        """The smallest image of the tree; equal roots hang together."""
        parent = self._parent
        while parent[image] != image:
            parent[image] = parent[parent[image]]
            image = parent[image]
        return image

    def together(self, one: int, other: int) -> bool:
        return self.root(one) == self.root(other)

    def size(self, image: int) -> int:
        return self._size[self.root(image)]

    def unite(self, one: int, other: int) -> bool:
        """False if they hung together already."""
        small, large = sorted((self.root(one), self.root(other)))
        if small == large:
            return False
        self._parent[large] = small
        self._size[small] += self._size[large]
        return True
