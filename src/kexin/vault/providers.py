"""Where epoch keys are kept: the provider interface and `file`, the provider of one machine.

Others (Vault/OpenBao transit, PKCS#11, cloud KMS) are entry points of the group ``kexin.key_providers``.
"""

from __future__ import annotations

import functools
import os
import uuid
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from django.conf import settings

from kexin.foundation import crypto
from kexin.foundation.crypto import DoesNotOpen
from kexin.vault import sealing


class Provider(Protocol):
    """Holds one key per epoch and never gives it out. Destroying a reference is final."""

    name: str

    def create(self, *, epoch: uuid.UUID, grade: int, suite: int) -> str:
        """Make the key of an epoch of this suite (`sealing.SUITES`); answers with its reference."""

    def wrap(self, *, ref: str, key: bytes, aad: bytes) -> bytes:
        """Wrap an epoch key."""

    def unwrap(self, *, ref: str, wrapped: bytes, aad: bytes) -> bytes:
        """Unwrap an epoch key; raises DoesNotOpen, or ProviderGone when the reference was destroyed."""

    def destroy(self, *, ref: str) -> None:
        """Destroy the key of an epoch; idempotent."""


class ProviderGone(DoesNotOpen):
    """The provider no longer has this key: everything wrapped by it is lost, by intention or by accident."""


class FileProvider:
    """One file of 32 bytes per epoch, mode 0600. Unlinking is best effort on journaling disks: say so, never more. The
    file's name says the suite that its key wraps with; one without a word is of suite 1, as all were at first."""

    name = "file"

    def __init__(self, *, folder: Path) -> None:
        self._folder = folder

    def create(self, *, epoch: uuid.UUID, grade: int, suite: int) -> str:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        ref = f"epoch-{grade}-{epoch}{_WORDS[suite]}.key"
        handle = os.open(self._folder / ref, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(handle, crypto.random_bytes(crypto.KEY_BYTES))
            os.fsync(handle)
        finally:
            os.close(handle)
        self._sync_folder()
        return ref

    def wrap(self, *, ref: str, key: bytes, aad: bytes) -> bytes:
        return sealing.wrap(key=self._key(ref), aad=aad, plaintext=key, suite=_suite(ref))

    def unwrap(self, *, ref: str, wrapped: bytes, aad: bytes) -> bytes:
        return sealing.unwrap(key=self._key(ref), aad=aad, wrapped=wrapped, suite=_suite(ref))

    def destroy(self, *, ref: str) -> None:
        path = self._path(ref)
        if not path.exists():
            return
        with path.open("r+b", buffering=0) as file:
            file.write(bytes(crypto.KEY_BYTES))
            os.fsync(file.fileno())
        path.unlink()
        self._sync_folder()

    def _key(self, ref: str) -> bytes:
        try:
            key = self._path(ref).read_bytes()
        except FileNotFoundError as error:
            raise ProviderGone("the key file of this epoch is gone") from error
        if len(key) != crypto.KEY_BYTES:
            raise ProviderGone("the key file of this epoch is damaged")
        return key

    def _path(self, ref: str) -> Path:
        if ref != Path(ref).name:
            raise ProviderGone("a reference is a file name")
        return self._folder / ref

    def _sync_folder(self) -> None:
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


_WORDS = {sealing.SUITE_SIV: "", sealing.SUITE_SM4: ".sm4", sealing.SUITE_GCM_DERIVED: ".gcm"}


def _suite(ref: str) -> int:
    return next((suite for suite, word in _WORDS.items() if word and ref.endswith(f"{word}.key")), sealing.SUITE_SIV)


def provider(name: str) -> Provider:
    """The provider that an epoch names."""
    if name == FileProvider.name:
        return FileProvider(folder=Path(settings.INSTANCE.folder) / "secrets" / "epochs")
    return _installed(name)


@functools.cache
def _installed(name: str) -> Provider:
    found = entry_points(group="kexin.key_providers", name=name)
    if not found:
        raise ProviderGone(f"no key provider named {name}")
    made: Provider = next(iter(found)).load()()
    return made


def default_provider() -> str:
    """Which provider new epochs use."""
    return str(getattr(settings, "KEXIN_KEY_PROVIDER", FileProvider.name))
