"""The tree of RFC 6962 §2.1: roots, inclusion and consistency proofs, compact frontiers. Pure arithmetic on bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

#: Hashes in a full tile (C2SP tlog-tiles: height 8).
TILE_WIDTH = 256
TILE_HEIGHT = 8
HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

_sha256 = hashlib.sha256


class ProofFails(ValueError):
    """A proof does not lead to the root it should lead to."""


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 | data)."""
    return _sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 | left | right)."""
    return _sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Merkle tree head over leaf hashes. An odd one out moves up unchanged, which gives RFC 6962's split exactly."""
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    while len(row) > 1:
        paired = [_sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row) - 1, 2)]
        if len(row) % 2:
            paired.append(row[-1])
        row = paired
    return row[0]


class Frontier:
    """The roots of the complete subtrees that make up a tree of ``size`` leaves, largest first. Grows by appending."""

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count():
            raise ValueError(f"a frontier of {size} leaves has {size.bit_count()} hashes, not {len(self.hashes)}")

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        carry, stack = self.size, self.hashes
        while carry & 1:
            leaf = _sha256(b"\x01" + stack.pop() + leaf).digest()
            carry >>= 1
        stack.append(leaf)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in order."""
        for leaf in leaves:
            self.append(leaf)

    def extend_tile(self, root: bytes) -> None:
        """Add a full tile by its root; only where a tile begins."""
        if self.size % TILE_WIDTH:
            raise ValueError(f"no tile begins after {self.size} leaves")
        carry, stack = self.size >> TILE_HEIGHT, self.hashes
        while carry & 1:
            root = node_hash(stack.pop(), root)
            carry >>= 1
        stack.append(root)
        self.size += TILE_WIDTH

    def root(self) -> bytes:
        """The tree head."""
        if not self.hashes:
            return EMPTY_ROOT
        accumulated = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            accumulated = node_hash(left, accumulated)
        return accumulated

    def dump(self) -> bytes:
        """8 bytes of size, then the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self.hashes)

    @classmethod
    def load(cls, data: bytes) -> Frontier:
        """Read `dump`; b"" is the empty tree."""
        if not data:
            return cls()
        rest = data[8:]
        return cls(int.from_bytes(data[:8], "big"), [rest[i : i + 32] for i in range(0, len(rest), HASH_BYTES)])


#: ``node(height, index)``: the root of the complete subtree over leaves [index << height, (index + 1) << height).
NodeSource = Callable[[int, int], bytes]


def _split(count: int) -> int:
    """The largest power of two below ``count`` (count > 1)."""
    return 1 << ((count - 1).bit_length() - 1)


def subtree(node: NodeSource, first: int, end: int) -> bytes:
    """The tree head over leaves [first, end), where ``first`` is aligned as RFC 6962's recursion makes it."""
    count = end - first
    if count & (count - 1) == 0:
        height = count.bit_length() - 1
        return node(height, first >> height)
    middle = first + _split(count)
    return node_hash(subtree(node, first, middle), subtree(node, middle, end))


def inclusion_path(node: NodeSource, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]): sibling hashes from the leaf upwards."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path: list[bytes] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            path.append(subtree(node, middle, end))
            end = middle
        else:
            path.append(subtree(node, first, middle))
            first = middle
    return path[::-1]


def consistency_path(node: NodeSource, old: int, size: int) -> list[bytes]:
    """PROOF(old, D[size]): what an auditor who knows the tree of ``old`` needs to accept the tree of ``size``."""
    if not 0 < old <= size:
        raise ValueError(f"no consistency proof from {old} to {size}")
    path: list[bytes] = []
    first, end, known = 0, size, True
    while end != old:
        middle = first + _split(end - first)
        if old <= middle:
            path.append(subtree(node, middle, end))
            end = middle
        else:
            path.append(subtree(node, first, middle))
            first, known = middle, False
    if not known:
        path.append(subtree(node, first, end))
    return path[::-1]


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162 §2.1.3.2); raises ProofFails on a path of wrong length."""
    if not 0 <= index < size:
        raise ProofFails("the leaf index is outside the tree")
    fn, sn, root = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            raise ProofFails("the path is too long")
        if fn & 1 or fn == sn:
            root = node_hash(sibling, root)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = node_hash(root, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ProofFails("the path is too short")
    return root


def check_consistency(old: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> None:
    """Raise ProofFails unless ``path`` proves that the tree (size, root) only adds to (old, old_root). RFC 9162 §2.1.4.2."""
    if old == 0:
        if path:
            raise ProofFails("the empty tree needs no proof")
        return
    if old == size:
        if path or old_root != root:
            raise ProofFails("two trees of one size differ")
        return
    if old > size or not path:
        raise ProofFails("the tree became smaller, or the proof is missing")
    rest = list(path)
    if old & (old - 1) == 0:
        rest.insert(0, old_root)
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    seen_old = seen_new = rest[0]
    for sibling in rest[1:]:
        if sn == 0:
            raise ProofFails("the path is too long")
        if fn & 1 or fn == sn:
            seen_old, seen_new = node_hash(sibling, seen_old), node_hash(sibling, seen_new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            seen_new = node_hash(seen_new, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn or seen_old != old_root or seen_new != root:
        raise ProofFails("the newer tree does not contain the older one")


def left_nodes(first: int) -> list[tuple[int, int]]:
    """(height, index) of the complete subtrees that make up leaves [0, first): a frontier, largest first."""
    nodes, start = [], 0
    for height in range(first.bit_length() - 1, -1, -1):
        if first >> height & 1:
            nodes.append((height, start >> height))
            start += 1 << height
    return nodes


def right_nodes(last: int, size: int) -> list[tuple[int, int]]:
    """(height, index) of the complete subtrees that cover leaves [last, size), in the order they join [0, last)."""
    nodes, at = [], last
    while at < size:
        height = (size - at).bit_length() - 1
        if at:
            height = min(height, (at & -at).bit_length() - 1)
        nodes.append((height, at >> height))
        at += 1 << height
    return nodes
