"""The identity provider's keys: which files there are, how `idp init` makes them, how a worker loads them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from foundation.keys import CertifiedSigner, HmacKey, SignatureAlgorithm, Signer
from idp.adapters.keys.hmac_file import generate_hmac_key, load_hmac_key
from idp.adapters.keys.pem import certify, generate_key, load_certified_signer, load_signer

CERTIFICATE_LIFETIME = timedelta(days=3 * 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFolder:
    """Where the files are."""

    path: Path

    @property
    def saml_key(self) -> Path:
        """Signs assertions and metadata."""
        return self.path / "saml-signing.key.pem"

    @property
    def saml_certificate(self) -> Path:
        """Stands in the SAML metadata."""
        return self.path / "saml-signing.certificate.pem"

    def oidc_key(self, algorithm: SignatureAlgorithm) -> Path:
        """Signs the ID tokens of clients that chose `algorithm`."""
        return self.path / f"oidc-signing-{algorithm.lower()}.key.pem"

    @property
    def card_fingerprint(self) -> Path:
        """Turns issuer and serial into what is stored. Losing it makes every citizen a stranger."""
        return self.path / "card-fingerprint.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """All keys in use, loaded."""

    saml: CertifiedSigner
    oidc: tuple[Signer, ...]
    card_fingerprint: HmacKey


def load_keys(folder: KeyFolder, *, development_allowed: bool) -> Keys:
    """Read every key, once per worker. Raises `KeyUnusable` for the first that will not do."""
    return Keys(
        saml=load_certified_signer(folder.saml_key, folder.saml_certificate, development_allowed=development_allowed),
        oidc=tuple(
            load_signer(folder.oidc_key(algorithm), development_allowed=development_allowed)
            for algorithm in SignatureAlgorithm
        ),
        card_fingerprint=load_hmac_key(folder.card_fingerprint, development_allowed=development_allowed),
    )


def make_keys(folder: KeyFolder, *, name: str, now: datetime, for_development: bool) -> tuple[Path, ...]:
    """Make the files that are missing, and no others; those made. `name` stands in the certificate.

    Raises `KeyUnusable` if a key that is there already cannot be certified.
    """
    folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    made: list[Path] = []
    wanted = {folder.saml_key: SignatureAlgorithm.RS256} | {folder.oidc_key(a): a for a in SignatureAlgorithm}
    for file, algorithm in wanted.items():
        if not file.exists():
            generate_key(file, algorithm, for_development=for_development)
            made.append(file)
    if not folder.card_fingerprint.exists():
        generate_hmac_key(folder.card_fingerprint, for_development=for_development)
        made.append(folder.card_fingerprint)
    if not folder.saml_certificate.exists():
        certify(
            folder.saml_certificate,
            load_signer(folder.saml_key, development_allowed=for_development),
            common_name=name,
            now=now,
            lifetime=CERTIFICATE_LIFETIME,
            for_development=for_development,
        )
        made.append(folder.saml_certificate)
    return tuple(made)
