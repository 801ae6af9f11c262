"""The Ed25519 key pair that signs checkpoints. The private half stays in a file that only its owner can read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from firstshift.core.errors import BadInput, NotFound
from firstshift.core.wholefile import flush_folder

MAX_KEY_BYTES = 10_000


@dataclass(frozen=True)
class SigningKey:
    private: Ed25519PrivateKey

    @property
    def public_hex(self) -> str:
        return self.private.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> str:
        return self.private.sign(message).hex()

    def __repr__(self) -> str:
        return f"SigningKey(public {self.public_hex[:12]}…)"


def create_signing_key(path: Path) -> SigningKey:
    """A new key in a new file (mode 0600); an existing file is never overwritten."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    flush_folder(path.parent)
    flush_folder(path.parent.parent)
    return SigningKey(key)


def load_signing_key(path: Path) -> SigningKey:
    try:
        with path.open("rb") as file:
            pem = file.read(MAX_KEY_BYTES)
    except FileNotFoundError as error:
        raise NotFound(
            "the ledger's private key is not here",
            where=path,
            way_out="put it back from the backup; without it the workspace can be read and verified, not written",
        ) from error
    except OSError as error:
        raise BadInput(where=path, expected="a key that can be read", found=error.strerror) from error
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise BadInput(where=path, expected="an unencrypted Ed25519 key in PEM form", found="something else") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(where=path, expected="an Ed25519 key", found=type(key).__name__)
    return SigningKey(key)


def is_signed(message: bytes, signature_hex: str, public_hex: str) -> bool:
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_hex))
        public.verify(bytes.fromhex(signature_hex), message)
    except (InvalidSignature, ValueError, TypeError):  # TypeError: somebody put bytes where text was
        return False
    return True
