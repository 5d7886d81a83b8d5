"""The tokeniser of this process: index keys from the keyring, common grams remembered while the keys stay the same."""

from __future__ import annotations

from kexin.regime.types import Bundle
from kexin.vault import envelopes, index_keys
from kexin.vault.search.indexes import all_indexes
from kexin.vault.search.tokens import IndexSecret, Tokeniser

_kept: dict[bool, tuple[frozenset[IndexSecret], Tokeniser]] = {}


def tokeniser(bundle: Bundle, *, writing: bool = False) -> Tokeniser:
    """For reading: the generation in force of every index of the catalogue. For writing: also those being built.
    A changed set of keys (rotation, a new attribute) gives a new tokeniser, and with it an empty cache of grams."""
    names = sorted(index.name for index in all_indexes(bundle.attributes))
    secrets = frozenset(
        IndexSecret(name, gen, key, suite) for name in names for gen, key, suite in index_keys.of(name, writing=writing)
    )
    kept = _kept.get(writing)
    if kept is None or kept[0] != secrets:
        kept = (secrets, Tokeniser(sorted(secrets, key=_order), installation=envelopes.installation().bytes))
        _kept[writing] = kept
    return kept[1]


def _order(secret: IndexSecret) -> tuple[str, int]:
    return (secret.index, -secret.gen)
