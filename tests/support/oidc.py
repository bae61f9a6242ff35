"""An OpenID provider with one registered client, and that client's side of the protocol, honest or not."""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc.jwk import ECKey, RSAKey

from foundation.keys import SignatureAlgorithm, Signer, key_id_of
from foundation.records import Codec
from idp.adapters.db.engine import create_database_engine
from idp.adapters.db.one_time import SqlOneTimeStore
from idp.adapters.db.tables import Base
from idp.adapters.keys.pem import PemSigner
from idp.domain.assurance import AuthenticationContext
from idp.domain.attribute import ABOUT_THE_LOGIN
from idp.domain.citizen import CertificateCheck, CheckSource
from idp.domain.errors import IdpError, LoginNeeded, SiteUnknown
from idp.domain.login import IdentifierKind
from idp.domain.release import Release
from idp.domain.service_provider import (
    FederationProtocol,
    LocalText,
    SectorCode,
    ServiceProvider,
    ServiceProviderId,
    Tier,
    TrustCircle,
)
from idp.domain.session import ParticipationHandle
from idp.domain.subject import SubjectValue
from idp.protocols.contract import Refusable
from idp.protocols.oidc.access_tokens import AccessGrant
from idp.protocols.oidc.adapter import OidcAdapter
from idp.protocols.oidc.codes import CodeGrant
from idp.protocols.oidc.jws import sign_claims
from idp.protocols.oidc.settings import OidcSettings

ISSUER = "https://idp.example"
TOKEN_ENDPOINT = f"{ISSUER}/oidc/token"
CLIENT_ID = "https://shop.example"
REDIRECT_URI = "https://shop.example/callback"
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SUBJECT = SubjectValue("5d" * 20)

Pairs = list[tuple[str, str]]


class FakeClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        """Let time pass."""
        self.now += by


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeRegister:
    """Fulfils `ServiceProviderRegister` from a list."""

    sites: list[ServiceProvider]

    def get(self, service_provider: ServiceProviderId) -> ServiceProvider:
        """By id."""
        return self._find(lambda site: site.id == service_provider)

    def by_protocol_id(self, protocol: FederationProtocol, protocol_id: str) -> ServiceProvider:
        """By client_id."""
        return self._find(lambda site: (site.protocol, site.protocol_id) == (protocol, protocol_id))

    def all(self) -> tuple[ServiceProvider, ...]:
        """Every site."""
        return tuple(self.sites)

    def _find(self, is_wanted: "Wanted") -> ServiceProvider:
        for site in self.sites:
            if is_wanted(site):
                return site
        raise SiteUnknown("no such site")


class Wanted(Protocol):
    """Whether this is the site."""

    def __call__(self, site: ServiceProvider, /) -> bool: ...


@cache
def an_rsa_signer(name: str) -> PemSigner:
    """The same key for the same name, in one test run."""
    del name
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return _signer(key, key.public_key(), SignatureAlgorithm.RS256)


@cache
def an_ec_signer(name: str) -> PemSigner:
    """As `an_rsa_signer`, on P-256."""
    del name
    key = ec.generate_private_key(ec.SECP256R1())
    return _signer(key, key.public_key(), SignatureAlgorithm.ES256)


def _signer(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    algorithm: SignatureAlgorithm,
) -> PemSigner:
    return PemSigner(key_id=key_id_of(public), algorithm=algorithm, public_key=public, private_key=key)


def public_jwk(signer: Signer, **changes: object) -> dict[str, object]:
    """The public half, as a client registers it."""
    public = signer.public_key
    jwk = RSAKey(public, public) if isinstance(public, rsa.RSAPublicKey) else ECKey(public, public)
    members: dict[str, object] = {**jwk.as_dict(private=False), "kid": signer.key_id, "use": "sig"}
    return {name: value for name, value in (members | changes).items() if value is not None}


def a_registration(**changes: object) -> str:
    """A good registration text; a change to None leaves the entry out."""
    entries: dict[str, object] = {
        "redirect_uris": [REDIRECT_URI],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [public_jwk(an_ec_signer("client"))]},
    }
    return msgspec.json.encode(
        {name: value for name, value in (entries | changes).items() if value is not None}
    ).decode()


def a_client_site(
    *, name: str = "shop", client_id: str = CLIENT_ID, registration: str | None = None
) -> ServiceProvider:
    """A registered client."""
    return ServiceProvider(
        id=ServiceProviderId(name),
        protocol=FederationProtocol.OIDC,
        protocol_id=client_id,
        sector=SectorCode(name),
        tier=Tier.STANDARD,
        circle=TrustCircle("circle"),
        name=LocalText(ja="見本商店", en="Sample shop"),
        operator=LocalText(ja="見本商店", en="Sample shop"),
        home_url=client_id,
        registration=a_registration() if registration is None else registration,
    )


def a_release(*, site: str = "shop", subject: SubjectValue = SUBJECT, now: datetime = NOW) -> Release:
    """A citizen logged in by card five minutes before `now`."""
    logged_in = now - timedelta(minutes=5)
    return Release(
        service_provider=ServiceProviderId(site),
        sector=SectorCode(site),
        subject=subject,
        lasting=None,
        identifier=IdentifierKind.PERSISTENT,
        attributes=ABOUT_THE_LOGIN,
        context=AuthenticationContext.CARD_PIN,
        authenticated_at=logged_in,
        check=CertificateCheck(
            source=CheckSource.OCSP,
            checked_at=logged_in,
            issued_at=logged_in - timedelta(minutes=1),
            next_update=logged_in + timedelta(days=1),
        ),
        session=ParticipationHandle("a1" * 16),
        session_expires_at=now + timedelta(minutes=55),
        released_at=now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an endpoint for programs answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, object]


class Door(Protocol):
    """The provider as a client and a logged-in citizen's browser meet it.

    The tests of protocol and attacks know nothing else, so they can be run through the whole web application as well.
    """

    def authorize(self, parameters: Sequence[tuple[str, str]]) -> str | None:
        """The address that the browser is sent to in the end; None if a page of the provider refused."""

    def token(self, parameters: Sequence[tuple[str, str]]) -> Answer:
        """The token endpoint."""

    def userinfo(self, authorization: str) -> Answer:
        """The userinfo endpoint."""

    def discovery(self) -> dict[str, object]:
        """The metadata document."""

    def jwks(self) -> dict[str, object]:
        """The key set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterDoor:
    """The protocol adapter itself, with a database in memory and a citizen who is logged in, or not."""

    adapter: OidcAdapter
    clock: FakeClock
    logged_in: bool = True

    def authorize(self, parameters: Sequence[tuple[str, str]]) -> str | None:
        """As the web does it: understood, then released or refused."""
        try:
            asked = self.adapter.understand(parameters)
        except Refusable as refusable:
            return self.adapter.refuse(refusable.error, refusable.reply).url
        except IdpError:
            return None
        if asked.passive and not self.logged_in:
            return self.adapter.refuse(LoginNeeded(), asked.reply).url
        release = a_release(site=asked.service_provider, now=self.clock())
        return self.adapter.answer(release, asked.reply).url

    def token(self, parameters: Sequence[tuple[str, str]]) -> Answer:
        """The endpoint's own answer."""
        reply = self.adapter.token(parameters, now=self.clock())
        return Answer(status=reply.status, headers=_lower(reply.headers), body=reply.body)

    def userinfo(self, authorization: str) -> Answer:
        """The endpoint's own answer."""
        reply = self.adapter.userinfo(authorization, now=self.clock())
        return Answer(status=reply.status, headers=_lower(reply.headers), body=reply.body)

    def discovery(self) -> dict[str, object]:
        """The document."""
        return self.adapter.discovery()

    def jwks(self) -> dict[str, object]:
        """The key set."""
        return self.adapter.jwks()


def _lower(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


def an_adapter(
    *sites: ServiceProvider, settings: OidcSettings | None = None, register: FakeRegister | None = None
) -> OidcAdapter:
    """An adapter with its own empty database."""
    engine = create_database_engine("sqlite://")
    Base.metadata.create_all(engine)
    return OidcAdapter(
        settings=settings or OidcSettings(issuer=ISSUER),
        signers=(an_rsa_signer("idp"), an_ec_signer("idp")),
        register=register or FakeRegister(sites=list(sites) or [a_client_site()]),
        codes=SqlOneTimeStore(engine, "oidc code", Codec(CodeGrant)),
        access_tokens=SqlOneTimeStore(engine, "oidc access token", Codec(AccessGrant)),
        used_ids=SqlOneTimeStore(engine, "oidc client assertion", Codec(str)),
    )


def a_door(*sites: ServiceProvider, logged_in: bool = True) -> AdapterDoor:
    """A provider with the sample client, or with `sites`."""
    return AdapterDoor(adapter=an_adapter(*sites), clock=FakeClock(), logged_in=logged_in)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestClient:
    """The client's side. Everything can be changed, to nothing too, by naming the parameter."""

    __test__ = False

    clock: FakeClock
    client_id: str = CLIENT_ID
    redirect_uri: str = REDIRECT_URI
    signer: Signer = field(default_factory=lambda: an_ec_signer("client"))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def request(self, **changes: str | None) -> Pairs:
        """An authorization request."""
        return _pairs(
            {
                "response_type": "code",
                "client_id": self.client_id,
                "redirect_uri": self.redirect_uri,
                "scope": "openid",
                "state": "a state",
                "nonce": "a nonce",
                "code_challenge": s256(self.verifier),
                "code_challenge_method": "S256",
            },
            changes,
        )

    def exchange(self, code: str, **changes: str | None) -> Pairs:
        """A token request."""
        return _pairs(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.redirect_uri,
                "code_verifier": self.verifier,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": changes.get("client_assertion") or self.assertion(),
            },
            changes,
        )

    def assertion(self, *, signer: Signer | None = None, **changes: object) -> str:
        """A client assertion."""
        return sign_claims(self.assertion_claims(**changes), signer or self.signer)

    def assertion_claims(self, **changes: object) -> dict[str, object]:
        """The claims of a good one."""
        seconds = int(self.clock().timestamp())
        claims: dict[str, object] = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": ISSUER,
            "iat": seconds,
            "exp": seconds + 60,
            "jti": secrets.token_hex(16),
        }
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def get_code(self, door: Door, **changes: str | None) -> str:
        """A code for this client."""
        return query_of(door.authorize(self.request(**changes)))["code"]


def a_client(door: AdapterDoor, **changes: str) -> TestClient:
    """The sample client, living by the provider's clock."""
    return TestClient(clock=door.clock, **changes)  # type: ignore[arg-type] # Only text fields are changed.


def _pairs(parameters: Mapping[str, str], changes: Mapping[str, str | None]) -> Pairs:
    return [(name, value) for name, value in (dict(parameters) | dict(changes)).items() if value is not None]


def s256(verifier: str) -> str:
    """RFC 7636 section 4.2."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def query_of(url: str | None) -> dict[str, str]:
    """The parameters of a redirect, each once."""
    assert url is not None, "a page answered instead of a redirect"
    values = parse_qs(urlsplit(url).query, keep_blank_values=True, strict_parsing=True)
    assert all(len(several) == 1 for several in values.values())
    return {name: several[0] for name, several in values.items()}
