"""The identity provider's keys: which files there are, how `idp init` makes them, how a worker loads them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from foundation.keys import CertifiedSigner, HmacKey, SignatureAlgorithm, Signer
from idp.adapters.keys.files import KeyUnusable
from idp.adapters.keys.hmac_file import generate_hmac_key, load_hmac_key
from idp.adapters.keys.pem import (
    RSA_BITS,
    certified,
    certify,
    find_certificate,
    generate_key,
    load_certified_signer,
    load_signer,
)

CERTIFICATE_LIFETIME = timedelta(days=3 * 365)
METADATA_CERTIFICATE_LIFETIME = timedelta(days=10 * 365)
METADATA_RSA_BITS = 3072
"""Sites pin this key, so it must outlast the others: 128 bits of strength, and it signs once in some minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFolder:
    """Where the files are."""

    path: Path

    @property
    def saml_key(self) -> Path:
        """Signs assertions and other messages."""
        return self.path / "saml-signing.key.pem"

    @property
    def saml_certificate(self) -> Path:
        """Stands first in the SAML metadata."""
        return self.path / "saml-signing.certificate.pem"

    @property
    def saml_next_key(self) -> Path:
        """Will sign messages, once every site has had the time to fetch its certificate."""
        return self.path / "saml-signing-next.key.pem"

    @property
    def saml_next_certificate(self) -> Path:
        """Stands in the SAML metadata ahead of the key's use."""
        return self.path / "saml-signing-next.certificate.pem"

    @property
    def saml_previous_certificate(self) -> Path:
        """Stands in the SAML metadata while messages of the key before this one are under way. That key is gone."""
        return self.path / "saml-signing-previous.certificate.pem"

    @property
    def saml_metadata_key(self) -> Path:
        """Signs the SAML metadata and nothing else, so that it stays the same while the keys in the metadata change."""
        return self.path / "saml-metadata.key.pem"

    @property
    def saml_metadata_certificate(self) -> Path:
        """For sites to pin; stands nowhere in the metadata as a key of ours."""
        return self.path / "saml-metadata.certificate.pem"

    def oidc_key(self, algorithm: SignatureAlgorithm) -> Path:
        """Signs the ID tokens of clients that chose `algorithm`."""
        return self.path / f"oidc-signing-{algorithm.lower()}.key.pem"

    @property
    def card_fingerprint(self) -> Path:
        """Turns issuer and serial into what is stored. Losing it makes every citizen a stranger."""
        return self.path / "card-fingerprint.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlKeys:
    """The key that signs messages, and the certificates of the one after it and the one before it, if published."""

    in_use: CertifiedSigner
    next: x509.Certificate | None
    previous: x509.Certificate | None

    @property
    def published(self) -> tuple[x509.Certificate, ...]:
        """What sites must accept, each once, the one in use first."""
        return (self.in_use.certificate, *(other for other in (self.next, self.previous) if other is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """All keys in use, loaded."""

    saml: SamlKeys
    saml_metadata: CertifiedSigner
    oidc: tuple[Signer, ...]
    card_fingerprint: HmacKey


def load_keys(folder: KeyFolder, *, development_allowed: bool) -> Keys:
    """Read every key, once per worker. Raises `KeyUnusable` for the first that will not do."""
    return Keys(
        saml=load_saml_keys(folder, development_allowed=development_allowed),
        saml_metadata=load_certified_signer(
            folder.saml_metadata_key, folder.saml_metadata_certificate, development_allowed=development_allowed
        ),
        oidc=tuple(
            load_signer(folder.oidc_key(algorithm), development_allowed=development_allowed)
            for algorithm in SignatureAlgorithm
        ),
        card_fingerprint=load_hmac_key(folder.card_fingerprint, development_allowed=development_allowed),
    )


def load_saml_keys(folder: KeyFolder, *, development_allowed: bool) -> SamlKeys:
    """The SAML signing keys, whatever step of a rollover the folder is in. Raises `KeyUnusable`.

    The certificate in use is found by its key, not by its file. The files are read in this order because a rollover may
    be under way right now: what it moves, it moves to a file that is read later.
    """
    signer = load_signer(folder.saml_key, development_allowed=development_allowed)
    next_, named, previous = (
        find_certificate(file, development_allowed=development_allowed)
        for file in (folder.saml_next_certificate, folder.saml_certificate, folder.saml_previous_certificate)
    )
    found = [certificate for certificate in (named, next_, previous) if certificate is not None]
    in_use = [certificate for certificate in found if certificate.public_key() == signer.public_key]
    if not in_use:
        why = (
            "is missing; `idp init` makes one" if named is None else f"is not the certificate of {folder.saml_key.name}"
        )
        raise KeyUnusable(folder.saml_certificate, why)
    others = [certificate for certificate in found if certificate not in in_use]
    return SamlKeys(
        in_use=certified(signer, in_use[0]),
        next=next((certificate for certificate in others if certificate != previous), None),
        previous=previous if previous in others else None,
    )


def make_keys(folder: KeyFolder, *, name: str, now: datetime, for_development: bool) -> tuple[Path, ...]:
    """Make the files that are missing, and no others; those made. `name` stands in the certificates.

    Raises `KeyUnusable` if a key that is there already cannot be certified.
    """
    folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    made: list[Path] = []
    for file, algorithm in _keys_of(folder).items():
        if not file.exists():
            bits = METADATA_RSA_BITS if file == folder.saml_metadata_key else RSA_BITS
            generate_key(file, algorithm, for_development=for_development, rsa_bits=bits)
            made.append(file)
    if not folder.card_fingerprint.exists():
        generate_hmac_key(folder.card_fingerprint, for_development=for_development)
        made.append(folder.card_fingerprint)
    for certificate, key, lifetime in (
        (folder.saml_certificate, folder.saml_key, CERTIFICATE_LIFETIME),
        (folder.saml_metadata_certificate, folder.saml_metadata_key, METADATA_CERTIFICATE_LIFETIME),
    ):
        if not certificate.exists():
            signer = load_signer(key, development_allowed=for_development)
            certify(certificate, signer, common_name=name, now=now, lifetime=lifetime, for_development=for_development)
            made.append(certificate)
    return tuple(made)


def _keys_of(folder: KeyFolder) -> dict[Path, SignatureAlgorithm]:
    saml = {folder.saml_key: SignatureAlgorithm.RS256, folder.saml_metadata_key: SignatureAlgorithm.RS256}
    return saml | {folder.oidc_key(algorithm): algorithm for algorithm in SignatureAlgorithm}
