"""The site's SAML side, by pysaml2 and Debian's xmlsec1. The only file that knows them.

Three things pysaml2 leaves to its users are done here: unsigned metadata is refused though a certificate is pinned,
sent requests are remembered, and a client lives for one answer only, because it keeps everybody it has seen.
"""

import threading
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import urllib3
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, SAMLError, md, samlp
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.metadata import entity_descriptor
from saml2.response import StatusError
from saml2.saml import NAMEID_FORMAT_PERSISTENT
from saml2.sigver import security_context
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

from sp_examples.ministry_saml.settings import Settings

SMARTCARD_PKI = "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI"
_DESCRIPTOR = "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor"
_MAX_METADATA_BYTES = 1024 * 1024
_SKEW_SECONDS = 60


class LoginServiceUnreachable(Exception):
    """The login service's metadata cannot be had, or cannot be trusted."""


class AnswerUnproven(Exception):
    """What came back is not an answer of the login service to a request of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What the login service vouches for. `cert_status` is JSON text about how the card's certificate was checked."""

    subject: str
    context: str
    logged_in_at: datetime
    ends_at: datetime
    cert_status: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The login service's own word that there was no login: the last part of its most precise SAML status."""

    status: str


class Federation:
    """Asks the login service for logins and reads its answers. Metadata is fetched when needed and `fresh_for` kept."""

    def __init__(
        self, settings: Settings, *, clock: Callable[[], datetime], fresh_for: timedelta = timedelta(hours=1)
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._fresh_for = fresh_for
        self._lock = threading.Lock()
        self._config: SPConfig | None = None
        self._config_ends = clock()

    def own_metadata(self) -> str:
        """What the login service needs to know of this site."""
        descriptor = entity_descriptor(SPConfig().load(self._options()))
        descriptor.extensions = None  # pysaml2 lists every algorithm that xmlsec1 ever knew, MD5 too
        return str(descriptor)

    def begin(self) -> tuple[str, str]:
        """A new request's id, and the address that takes the browser to the login service with it.

        Raises `LoginServiceUnreachable`.
        """
        try:
            request_id, sent = self._client().prepare_for_authenticate(
                binding=BINDING_HTTP_REDIRECT,
                sign=True,
                sigalg=SIG_RSA_SHA256,
                nameid_format=NAMEID_FORMAT_PERSISTENT,
                allow_create="true",
                requested_authn_context={"authn_context_class_ref": [SMARTCARD_PKI], "comparison": "minimum"},
            )
        except (SAMLError, AttributeError) as error:
            raise LoginServiceUnreachable("metadata names no place to log in") from error
        return request_id, dict(sent["headers"])["Location"]

    def read(self, answer: str, *, is_outstanding: Callable[[str], bool]) -> tuple[str, Login | Refusal]:
        """The id of the request that `answer` (a SAMLResponse field) belongs to, and what it says.

        Raises `AnswerUnproven`, `LoginServiceUnreachable`.
        """
        client = self._client()
        unverified_id = _unverified_request_id(answer)
        if not is_outstanding(unverified_id):
            raise AnswerUnproven("not an answer to a request of ours")
        try:
            response = client.parse_authn_request_response(answer, BINDING_HTTP_POST, {unverified_id: "/"})
            return unverified_id, _login(response)
        except StatusError as error:
            return unverified_id, Refusal(status=type(error).__name__.removeprefix("Status"))
        except Exception as error:  # pysaml2 raises anything, KeyError and TypeError too, for what it does not like
            raise AnswerUnproven(type(error).__name__) from error

    def _client(self) -> Any:  # noqa: ANN401 (pysaml2 has no types)
        with self._lock:
            if self._config is None or self._clock() >= self._config_ends:
                self._config = self._trusted_config()
                self._config_ends = self._clock() + self._fresh_for
            return Saml2Client(self._config)

    def _trusted_config(self) -> SPConfig:
        text = self._fetch()
        _check_signature(text, self._settings)
        try:
            return SPConfig().load(self._options() | {"metadata": {"inline": [text]}})
        except (SAMLError, AttributeError, ValueError) as error:
            raise LoginServiceUnreachable("metadata cannot be used") from error

    def _fetch(self) -> str:
        place = self._settings.idp_metadata
        try:
            if "://" not in place:
                return Path(place).read_text(encoding="utf-8")
            ca_file = self._settings.ca_file
            with urllib3.PoolManager(ca_certs=str(ca_file) if ca_file else None) as pool:
                answer = pool.request(
                    "GET", place, timeout=urllib3.Timeout(total=5), retries=False, preload_content=False
                )
                body = answer.read(_MAX_METADATA_BYTES)
                if answer.status != 200:  # noqa: PLR2004 (HTTP's own number)
                    raise LoginServiceUnreachable(f"status {answer.status}")
                return body.decode()
        except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
            raise LoginServiceUnreachable("metadata cannot be fetched") from error

    def _options(self) -> dict[str, object]:
        settings = self._settings
        return {
            "entityid": settings.entity_id,
            "service": {
                "sp": {
                    "endpoints": {"assertion_consumer_service": [(settings.return_url, BINDING_HTTP_POST)]},
                    "authn_requests_signed": True,
                    "want_assertions_signed": True,
                    "want_response_signed": False,
                    "allow_unsolicited": False,
                    "name_id_format": [NAMEID_FORMAT_PERSISTENT],
                }
            },
            "key_file": str(settings.key_file),
            "cert_file": str(settings.certificate_file),
            "xmlsec_binary": settings.xmlsec1,
            "signing_algorithm": SIG_RSA_SHA256,
            "digest_algorithm": DIGEST_SHA256,
            "allow_unknown_attributes": True,
            "accepted_time_diff": _SKEW_SECONDS,
        }


def _check_signature(text: str, settings: Settings) -> None:
    """The metadata is one EntityDescriptor, signed as a whole by the pinned key."""
    try:
        descriptor = md.entity_descriptor_from_string(text)
    except (
        SyntaxError,
        ValueError,
    ) as error:  # XML's parse errors are of the first kind, forbidden entities of the second
        raise LoginServiceUnreachable("metadata is not XML") from error
    signature = descriptor.signature if descriptor else None
    references = signature.signed_info.reference if signature and signature.signed_info else []
    if [reference.uri for reference in references] != [f"#{descriptor.id}" if descriptor else None]:
        raise LoginServiceUnreachable("metadata is not signed as a whole")
    context = security_context(SPConfig().load({"entityid": settings.entity_id, "xmlsec_binary": settings.xmlsec1}))
    try:
        is_good = context.verify_signature(
            text, node_name=_DESCRIPTOR, node_id=descriptor.id, cert_file=str(settings.idp_certificate_file)
        )
    except SAMLError as error:
        raise LoginServiceUnreachable("metadata is not signed by the pinned key") from error
    if not is_good:
        raise LoginServiceUnreachable("metadata is not signed by the pinned key")


def _unverified_request_id(answer: str) -> str:
    """Only to look up what is then checked by pysaml2."""
    try:
        response = samlp.response_from_string(b64decode(answer))
    except Exception as error:
        raise AnswerUnproven("not a SAML response") from error
    if response is None or not response.in_response_to:
        raise AnswerUnproven("not a SAML response to anything")
    return str(response.in_response_to)


def _login(response: Any) -> Login:  # noqa: ANN401 (pysaml2 has no types)
    facts = response.session_info()
    context, _, instant = facts["authn_info"][0]
    statuses = [values for name, values in facts["ava"].items() if name.split("/")[-1] == "cert-status"]
    return Login(
        subject=facts["name_id"].text,
        context=context,
        logged_in_at=datetime.fromisoformat(instant),
        ends_at=datetime.fromtimestamp(facts["not_on_or_after"], UTC),
        cert_status=statuses[0][0] if statuses else None,
    )
