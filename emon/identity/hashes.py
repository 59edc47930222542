"""Passwords as the brokers keep them. They are random and long, so no slow hash has to protect them.

A guess at 192 random bits fails however fast it is; a slow hash would only make the return of a whole
fleet slow, since each broker computes it at every connection.
"""

from __future__ import annotations

import base64
import hashlib

from emon.limits import BROKER_BCRYPT_COST, BROKER_PBKDF2_ROUNDS

_BCRYPT_ALPHABET = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BASE64_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_SALT_BYTES = 16
_TO_BCRYPT = bytes.maketrans(_BASE64_ALPHABET, _BCRYPT_ALPHABET)


def mosquitto_hash(password: str, salt: bytes) -> str:
    """The second column of Mosquitto's password file, its form 7: PBKDF2 with SHA-512."""
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, BROKER_PBKDF2_ROUNDS)
    return f"$7${BROKER_PBKDF2_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def nats_hash(password: str, salt: bytes) -> str:
    """bcrypt, the only hash that nats-server reads. ``salt``: 16 bytes."""
    import bcrypt

    if len(salt) != _SALT_BYTES:
        raise ValueError(f"bcrypt takes a salt of {_SALT_BYTES} bytes, not {len(salt)}")
    text = base64.b64encode(salt).rstrip(b"=").translate(_TO_BCRYPT)
    return bcrypt.hashpw(password.encode(), b"$2a$%02d$%s" % (BROKER_BCRYPT_COST, text)).decode()
