"""The SAML signing key is changed in three steps, so that every site always knows the key in use.

    prepare   the next key is made, and its certificate published beside the one in use
    roll      when every site can have it, the next key is the one in use; the certificate before it stays published
    retire    when nothing that the key before signed is under way any more, its certificate is not published

Each step may be ended between any two of its statements: what it leaves can be loaded, publishes the key in use, and is
brought to its end by the same command, given again. Workers read the folder once, at their start.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from foundation.keys import SignatureAlgorithm
from idp.adapters.keys.files import KeyUnusable, move, remove, write_over
from idp.adapters.keys.key_folder import CERTIFICATE_LIFETIME, KeyFolder, load_saml_keys
from idp.adapters.keys.pem import certify, find_certificate, generate_key, load_certified_signer, load_signer


def prepare_saml_key(
    folder: KeyFolder, *, name: str, now: datetime, for_development: bool
) -> tuple[x509.Certificate, bool]:
    """The next key's certificate, and whether it was made just now: a key that is there already is kept.

    `name` stands in the certificate. Raises `KeyUnusable`.
    """
    key, certificate = folder.saml_next_key, folder.saml_next_certificate
    with _alone(folder):
        _finish_roll(folder, development_allowed=for_development)
        is_new = not certificate.exists()
        if not is_new and not key.exists():
            raise KeyUnusable(certificate, "has no key beside it; remove it, then prepare another")
        if not key.exists():
            generate_key(key, SignatureAlgorithm.RS256, for_development=for_development)
        if is_new:
            signer = load_signer(key, development_allowed=for_development)
            certify(
                certificate,
                signer,
                common_name=name,
                now=now,
                lifetime=CERTIFICATE_LIFETIME,
                for_development=for_development,
            )
        return load_certified_signer(key, certificate, development_allowed=for_development).certificate, is_new


def roll_saml_key(
    folder: KeyFolder, *, now: datetime, published_for: timedelta | None, development_allowed: bool
) -> None:
    """Use the next key from now on, and go on publishing the certificate of the one before.

    `published_for` is how long the next one must have been published, None for at once. Raises `KeyUnusable`.
    """
    with _alone(folder):
        if _finish_roll(folder, development_allowed=development_allowed):
            return
        _check_next(folder, now=now, published_for=published_for, development_allowed=development_allowed)
        keys = load_saml_keys(folder, development_allowed=development_allowed)
        if keys.previous is not None:
            raise KeyUnusable(folder.saml_previous_certificate, "is still published; `idp key retire saml` ends that")
        pem = keys.in_use.certificate.public_bytes(Encoding.PEM)
        write_over(folder.saml_previous_certificate, pem, mode=0o644)
        move(folder.saml_next_key, folder.saml_key)
        move(folder.saml_next_certificate, folder.saml_certificate)


def retire_saml_key(folder: KeyFolder, *, development_allowed: bool) -> bool:
    """Stop publishing the certificate of the key before the one in use; whether there was one. Raises `KeyUnusable`."""
    with _alone(folder):
        _finish_roll(folder, development_allowed=development_allowed)
        if not folder.saml_previous_certificate.exists():
            return False
        remove(folder.saml_previous_certificate)
        return True


def ready_at(certificate: x509.Certificate, published_for: timedelta) -> datetime:
    """When a key may be used whose certificate was made to be published at once."""
    return certificate.not_valid_before_utc + published_for


def _check_next(
    folder: KeyFolder, *, now: datetime, published_for: timedelta | None, development_allowed: bool
) -> None:
    """Every site can know the next key, and it can sign. A site trusts metadata without it to the metadata's end."""
    key, certificate = folder.saml_next_key, folder.saml_next_certificate
    for file in (key, certificate):
        if not file.exists():
            raise KeyUnusable(file, "is missing; `idp key prepare saml` makes it")
    upcoming = load_certified_signer(key, certificate, development_allowed=development_allowed)
    ready = now if published_for is None else ready_at(upcoming.certificate, published_for)
    if now < ready:
        raise KeyUnusable(
            certificate, f"may be unknown to some sites until {ready:%Y-%m-%d %H:%M} UTC; roll then, or with --now"
        )


def _finish_roll(folder: KeyFolder, *, development_allowed: bool) -> bool:
    """Do the last statement of a roll that was ended before it; whether there was one.

    Raises `KeyUnusable` if, even so, key and certificate in use do not belong together.
    """
    signer = load_signer(folder.saml_key, development_allowed=development_allowed)
    upcoming = find_certificate(folder.saml_next_certificate, development_allowed=development_allowed)
    is_rolling = upcoming is not None and upcoming.public_key() == signer.public_key
    if is_rolling:
        move(folder.saml_next_certificate, folder.saml_certificate)
    load_certified_signer(folder.saml_key, folder.saml_certificate, development_allowed=development_allowed)
    return is_rolling


@contextmanager
def _alone(folder: KeyFolder) -> Iterator[None]:
    """One command at a time. Raises `KeyUnusable`."""
    try:
        descriptor = os.open(folder.path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise KeyUnusable(folder.path, f"cannot be opened ({error.strerror}); `idp init` makes the keys") from error
    try:
        _lock(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: KeyFolder) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise KeyUnusable(folder.path, "is being changed by another command; wait for its end") from error
