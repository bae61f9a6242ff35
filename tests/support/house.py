"""The whole identity provider in process: real use cases, adapters, protocols and pages over a SQLite file.

    def test_…(house: SampleHouse) -> None:
        browser, card = house.browser(), house.card()
        page = browser.open(house.ministry.address())           # the site sends its visitor: the login page
        page = house.present(card, browser, page)               # the agent's answer comes back: consent, the first time
        page = browser.press(page, "/enrolment/", agree="yes")
        house.ministry.read(page).name_id
        house.log_in(browser, house.shop, card)                 # or all of it at once, whatever it takes

Only the revocation sources are fake (`house.revocation`), and the time (`house.clock`). A conftest imports the fixtures
`foundations` (once a run: keys, PKI, migrated database with the four sites) and `house` (one per test).
"""

import base64
import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypedDict, Unpack
from urllib.parse import parse_qsl, urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key
from flask import Flask
from lxml import etree
from sqlalchemy import Engine, select

from idp.adapters.db.audit import decode_event
from idp.adapters.db.engine import create_database_engine
from idp.adapters.db.schema import upgrade
from idp.adapters.db.tables import AuditEventRow
from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.adapters.keys.key_folder import KeyFolder, make_keys
from idp.composition import build
from idp.domain.events import AuditEvent
from idp.domain.service_provider import LocalText, Sector, SectorCode, ServiceProvider, Tier, TrustCircle
from idp.settings import (
    AgentSettings,
    DatabaseSettings,
    IdpSettings,
    KeySettings,
    LifetimeSettings,
    Profile,
    RevocationSettings,
    ServerSettings,
    TrustSettings,
)
from idp.usecases.ports import UnitOfWork
from idp.web.services import Services
from jpki.certificates import AuthenticationCertificate
from jpki.challenge import Purpose, authentication_statement
from jpki.profile import CARD_SIGNATURE_POLICY
from jpki.revocation import Good, RevocationReason, RevocationStatus, Revoked, StatusSource, Unknown, WhyUnknown, decide
from testbed.profiles import SIGNATURE_POLICY, Authority
from tests.support import oidc, saml
from tests.support.browser import Browser, Page
from tests.support.certificates import pem
from tests.support.oidc import FakeClock
from tests.support.pki import A_MOMENT, LeafCertificate, SamplePki, a_pki

ISSUER = saml.ISSUER
AGENT = "http://127.0.0.1:8471"
ELSEWHERE = "https://elsewhere.example"
CIRCLE = TrustCircle("circle")


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundations:
    """What no test changes."""

    pki: SamplePki
    keys: Path
    trust: Path
    database: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card with its agent: answers a login page's challenge."""

    certificate: bytes
    key: rsa.RSAPrivateKey = field(repr=False)
    serial: int = field(repr=False)

    def signature(self, nonce: str, *, purpose: str = "login", origin: str = ISSUER) -> str:
        """What the card signs after the right PIN, in base64."""
        statement = authentication_statement(origin=origin, purpose=Purpose(purpose), nonce=_decoded(nonce))
        return base64.b64encode(self.key.sign(statement, padding.PKCS1v15(), hashes.SHA256())).decode()

    def answer(self, page: Page) -> dict[str, str]:
        """The form that the agent hands to the browser."""
        question = page.form(AGENT).fields
        return {
            "format": question["format"],
            "nonce": question["nonce"],
            "outcome": "signed",
            "algorithm": "RS256",
            "unverified_certificate": base64.b64encode(self.certificate).decode(),
            "signature": self.signature(question["nonce"], purpose=question["purpose"]),
        }


@dataclass(slots=True)
class FakeRevocation:
    """Fulfils `RevocationSource` from sets of serials: a list, and a responder that says good unless told otherwise.

    `responder_is_down` makes the responder silent; then `has_list` decides. `asked` are the serials it was asked about.
    """

    on_list: dict[int, RevocationReason] = field(default_factory=dict)
    revoked: dict[int, RevocationReason] = field(default_factory=dict)
    unknown: set[int] = field(default_factory=set)
    asked: list[int] = field(default_factory=list)
    fresh_for: timedelta = timedelta(hours=1)
    responder_is_down: bool = False
    repeats_nonce: bool = True
    has_list: bool = False

    def check(self, certificate: AuthenticationCertificate, *, now: datetime) -> RevocationStatus:
        """The list, then the responder."""
        listed = self.listed(certificate, now=now)
        if isinstance(listed, Revoked):
            return listed
        return decide(listed, self._responder(certificate.serial, now))

    def listed(self, certificate: AuthenticationCertificate, *, now: datetime) -> RevocationStatus:
        """The list alone."""
        if certificate.serial in self.on_list:
            reason = self.on_list[certificate.serial]
            return Revoked(source=StatusSource.CRL, checked_at=now, at=now, reason=reason)
        if not self.has_list:
            return Unknown(checked_at=now, why=WhyUnknown.NO_LIST)
        return self._good(StatusSource.CRL, now, may_be_reused=True)

    def _responder(self, serial: int, now: datetime) -> RevocationStatus:
        self.asked.append(serial)
        if self.responder_is_down:
            return Unknown(checked_at=now, why=WhyUnknown.UNREACHABLE)
        if serial in self.unknown:
            return Unknown(checked_at=now, why=WhyUnknown.NOT_KNOWN)
        if serial in self.revoked:
            return Revoked(source=StatusSource.OCSP, checked_at=now, at=now, reason=self.revoked[serial])
        return self._good(StatusSource.OCSP, now, may_be_reused=self.repeats_nonce)

    def _good(self, source: StatusSource, now: datetime, *, may_be_reused: bool) -> Good:
        return Good(
            source=source,
            checked_at=now,
            this_update=now,
            next_update=now + self.fresh_for,
            may_be_reused=may_be_reused,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlAnswer:
    """A SAML Response as a site reads it once it has verified it; here nothing is verified."""

    status: str
    name_id: str
    name_id_format: str
    context: str
    session_index: str
    authenticated_at: str
    attributes: dict[str, str]
    relay_state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlSite:
    """The ministry."""

    clock: FakeClock
    site: saml.TestSite = field(default_factory=saml.TestSite)

    def address(
        self,
        *,
        inside: str = "",
        relay_state: str | None = None,
        request_id: str | None = None,
        forced: bool = False,
        passive: bool = False,
        **changes: str,
    ) -> str:
        """Where its login button leads: each time another request, signed; `changes` are attributes."""
        request = self._request(inside=inside, request_id=request_id, forced=forced, passive=passive, **changes)
        return f"{saml.SSO_URL}?{self.site.redirect(request, relay_state=relay_state).decode()}"

    def fields(
        self,
        *,
        inside: str = "",
        relay_state: str | None = None,
        request_id: str | None = None,
        passive: bool = False,
        **changes: str,
    ) -> dict[str, str]:
        """The form that its login button posts instead."""
        request = self._request(inside=inside, request_id=request_id, forced=False, passive=passive, **changes)
        return dict(parse_qsl(self.site.post(request, relay_state=relay_state).decode(), keep_blank_values=True))

    def _request(
        self,
        *,
        inside: str,
        request_id: str | None,
        forced: bool,
        passive: bool,
        **changes: str,
    ) -> bytes:
        return self.site.request(
            inside=inside,
            before="",
            issuer=None,
            issued_at=self.clock(),
            ID=request_id or f"_{secrets.token_hex(16)}",
            ForceAuthn=str(forced).lower(),
            IsPassive=str(passive).lower(),
            **changes,
        )

    def got_answer(self, page: Page) -> bool:
        """Whether the browser holds a form for this site."""
        return any(form.action == saml.RETURN_URL for form in page.forms)

    def read(self, page: Page) -> SamlAnswer:
        """What the browser is about to post to the site."""
        fields = page.form(saml.RETURN_URL).fields
        root = etree.fromstring(base64.b64decode(fields["SAMLResponse"]))
        names = {"a": "urn:oasis:names:tc:SAML:2.0:assertion", "p": "urn:oasis:names:tc:SAML:2.0:protocol"}

        def text(path: str) -> str:
            found = root.xpath(path, namespaces=names)
            return str(found[0]) if isinstance(found, list) and found else ""

        attributes = {
            str(attribute.get("Name")): str(attribute[0].text)
            for attribute in root.findall(".//a:Attribute", namespaces=names)
        }
        return SamlAnswer(
            status=text("(.//p:StatusCode)[last()]/@Value").rpartition(":")[2],
            name_id=text(".//a:NameID/text()"),
            name_id_format=text(".//a:NameID/@Format").rpartition(":")[2],
            context=text(".//a:AuthnContextClassRef/text()"),
            session_index=text(".//a:AuthnStatement/@SessionIndex"),
            authenticated_at=text(".//a:AuthnStatement/@AuthnInstant"),
            attributes=attributes,
            relay_state=fields.get("RelayState", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSite:
    """A site that speaks OpenID Connect."""

    app: Flask
    client: oidc.TestClient

    def address(self, **changes: str | None) -> str:
        """Where its login button leads."""
        return f"{ISSUER}/oidc/authorize?{urlencode(self.client.request(**changes))}"

    def got_answer(self, page: Page) -> bool:
        """Whether the browser was sent back to this site."""
        return page.address.startswith(self.client.redirect_uri)

    def read(self, page: Page) -> dict[str, str]:
        """The parameters with which the browser came back."""
        assert self.got_answer(page), page.heading or page.address
        return oidc.query_of(page.address)

    def claims(self, page: Page) -> dict[str, object]:
        """The claims of the ID token that the code in the address buys."""
        pairs = self.client.exchange(self.read(page)["code"])
        response = self.app.test_client().post("/oidc/token", data=dict(pairs), base_url=ISSUER)
        assert response.status_code == 200, response.get_data(as_text=True)
        _, payload, _ = response.get_json()["id_token"].split(".")
        claims = json.loads(_decoded(payload))
        assert isinstance(claims, dict)
        return claims


Site = SamlSite | OidcSite


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleHouse:
    """The identity provider, four sites and everybody's instruments.

    `ministry` (SAML) and `treasury` share a sector; with `shop` they share a circle. `clinic` has its own, and a higher
    tier.
    """

    app: Flask
    services: Services
    engine: Engine
    settings: IdpSettings
    clock: FakeClock
    revocation: FakeRevocation
    pki: SamplePki
    ministry: SamlSite
    treasury: OidcSite
    shop: OidcSite
    clinic: OidcSite

    def browser(self, language: str = "en") -> Browser:
        """A browser that has never been here."""
        return Browser(self.app, origin=ISSUER, language=language)

    def card(self, leaf: LeafCertificate | None = None) -> Card:
        """A citizen's card; good unless `leaf` is not."""
        leaf = leaf or self.pki.a_certificate()
        return Card(certificate=leaf.der, key=leaf.private_key, serial=leaf.serial)

    def registered_card(self, card_id: str) -> Card:
        """A card that the real revocation services know by `card_id`."""
        return a_registered_card(self.pki, card_id)

    def present(
        self, card: Card, browser: Browser, page: Page, *, origin: str | None = AGENT, **changes: str | None
    ) -> Page:
        """The card answers the challenge on `page`, and the agent sends the answer through `browser`.

        A change to None takes the field out of the form.
        """
        form = {name: value for name, value in (card.answer(page) | changes).items() if value is not None}
        return browser.send("/card/answer", form, origin=origin)

    def agent_says(self, browser: Browser, page: Page, outcome: str) -> Page:
        """The agent hands the browser back without a signature."""
        question = page.form(AGENT).fields
        fields = {"format": question["format"], "nonce": question["nonce"], "outcome": outcome}
        return browser.send("/card/answer", fields, origin=AGENT)

    def heading(self, text_id: str, language: str = "en", **arguments: object) -> str:
        """The heading of a text, to be compared with a page's."""
        return self.services.texts[language].message(text_id, **arguments).heading

    def log_in(self, browser: Browser, site: Site, card: Card, address: str | None = None) -> Page:
        """The whole way, with card and consent where they are asked for; the page with the site's answer."""
        page = browser.open(address or site.address())
        if page.path.startswith("/login/"):
            page = self.present(card, browser, page)
        if page.path.startswith("/enrolment/"):
            page = browser.press(page, "/enrolment/", agree="yes")
        assert site.got_answer(page), f"{page.address}: {page.heading}"
        return page

    def events(self) -> list[AuditEvent]:
        """The audit trail, oldest first."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(AuditEventRow.kind, AuditEventRow.body).order_by(AuditEventRow.id)).all()
        return [decode_event(kind, body) for kind, body in rows]


def a_registered_card(pki: SamplePki, card_id: str) -> Card:
    """A new card in the register of `pki`, so that its responder knows it."""
    pair = pki.a_card(card_id).authentication
    assert pair is not None
    key = load_der_private_key(pair.private_key, password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    serial = x509.load_der_x509_certificate(pair.certificate).serial_number
    return Card(certificate=pair.certificate, key=key, serial=serial)


def is_logged_in(browser: Browser) -> bool:
    """Whether the provider's own first page says so."""
    page = browser.open("/?lang=en")
    assert page.status == 200
    return "You are logged in" in page.text


class SettingsChanges(TypedDict, total=False):
    """What a test may change in the settings of its house."""

    issuer: str
    listen: str
    database: DatabaseSettings
    revocation: RevocationSettings
    lifetimes: LifetimeSettings
    server: ServerSettings


def house_settings(foundations: Foundations, folder: Path, **changes: Unpack[SettingsChanges]) -> IdpSettings:
    """Settings over a fresh copy of the database in `folder`."""
    shutil.copy(foundations.database, folder / "idp.sqlite3")
    crl = folder / "crl"
    crl.mkdir(exist_ok=True)
    settings = IdpSettings(
        profile=Profile.DEVELOPMENT,
        issuer=ISSUER,
        listen="127.0.0.1:0",
        service_name=LocalText(ja="見本ログイン", en="Sample Login"),
        database=DatabaseSettings(file=folder / "idp.sqlite3"),
        keys=KeySettings(folder=foundations.keys),
        trust=TrustSettings(
            authentication=foundations.trust,
            signature_policies=(CARD_SIGNATURE_POLICY, SIGNATURE_POLICY.dotted_string),
        ),
        revocation=RevocationSettings(ocsp_url="http://127.0.0.1:9/ocsp", crl_urls=(), folder=crl),
        agent=AgentSettings(origin=AGENT),
    )
    return replace(settings, **changes)


@contextmanager
def a_house(
    foundations: Foundations, settings: IdpSettings, *, asks_really: bool = False, clock: FakeClock | None = None
) -> Iterator[SampleHouse]:
    """The house by `settings`. With `asks_really` it has their revocation sources; nobody asks `house.revocation`."""
    clock, revocation = clock or FakeClock(foundations.pki.now), FakeRevocation()
    built = build(settings, clock=clock, revocation=None if asks_really else revocation)

    def client(name: str) -> OidcSite:
        return OidcSite(
            app=built.app,
            client=oidc.TestClient(
                clock=clock,
                client_id=f"https://{name}.example",
                redirect_uri=f"https://{name}.example/callback",
                signer=oidc.an_ec_signer(name),
            ),
        )

    yield SampleHouse(
        app=built.app,
        services=built.services,
        engine=built.engine,
        settings=settings,
        clock=clock,
        revocation=revocation,
        pki=foundations.pki,
        ministry=SamlSite(clock=clock),
        treasury=client("treasury"),
        shop=client("shop"),
        clinic=client("clinic"),
    )
    built.engine.dispose()


def sample_sites() -> tuple[ServiceProvider, ...]:
    """The four sites as an operator registers them."""
    return (
        saml.a_site(),
        replace(_client_site("treasury"), sector=SectorCode("filings")),
        _client_site("shop"),
        replace(_client_site("clinic"), circle=TrustCircle("health"), tier=Tier.HIGH),
    )


def _client_site(name: str) -> ServiceProvider:
    registration = oidc.a_registration(
        redirect_uris=[f"https://{name}.example/callback"], jwks={"keys": [oidc.public_jwk(oidc.an_ec_signer(name))]}
    )
    site = oidc.a_client_site(name=name, client_id=f"https://{name}.example", registration=registration)
    return replace(site, name=LocalText(ja=f"見本{name}", en=f"Sample {name}"))


def register_sites(work: UnitOfWork, *sites: ServiceProvider) -> None:
    """Put `sites` and their sectors into the register as they are."""
    with work.writing() as stores:
        for code in sorted({site.sector for site in sites}):
            sector = Sector(code=code, owner="見本", purpose="見本", legal_basis="見本法第1条")
            stores.service_providers.save_sector(sector)
        for site in sites:
            stores.service_providers.save(site)


@pytest.fixture(scope="session")
def foundations(tmp_path_factory: pytest.TempPathFactory) -> Foundations:
    return make_foundations(tmp_path_factory.mktemp("house"))


def make_foundations(folder: Path, *, now: datetime = A_MOMENT) -> Foundations:
    """Keys, PKI and database in `folder`, all good as of `now`."""
    pki = a_pki(folder / "state", now=now)
    trust = folder / "trust"
    trust.mkdir()
    (trust / "authentication.pem").write_bytes(pem(pki.trust(Authority.AUTHENTICATION)))
    make_keys(KeyFolder(path=folder / "keys"), name="idp.example", now=pki.now, for_development=True)
    found = Foundations(pki=pki, keys=folder / "keys", trust=trust, database=folder / "template.sqlite3")
    _make_database(found.database)
    return found


def _make_database(file: Path) -> None:
    engine = create_database_engine(f"sqlite:///{file}")
    upgrade(engine)
    register_sites(SqlUnitOfWork(engine), *sample_sites())
    engine.dispose()
    assert not file.with_name(f"{file.name}-wal").exists(), "the copy of one file would be incomplete"


@pytest.fixture
def house(foundations: Foundations, tmp_path: Path) -> Iterator[SampleHouse]:
    with a_house(foundations, house_settings(foundations, tmp_path)) as built:
        yield built


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
