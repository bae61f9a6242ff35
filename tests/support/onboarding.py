"""Sites as an operator admits them, with descriptions that need no protocol: JSON of what a reader would tell."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from idp.domain.registration import Protection, RegisteredKey, RegistrationFacts, RegistrationRefused, Remark, Told
from idp.domain.service_provider import FederationProtocol, LocalText, Mark, SectorCode
from idp.usecases.orders import Description, Entries, Order

ENTITY = "https://ministry.example/metadata"
EVERYTHING = Entries(
    sector=SectorCode("tax"),
    name_ja="見本省",
    name_en="Sample Ministry",
    operator_ja="見本省本省",
    operator_en="Sample Ministry Proper",
    home_url="https://ministry.example/",
)
"""All that an operator must say of a site that says nothing."""


@dataclass(frozen=True, slots=True)
class FakeReader:
    """Fulfils `RegistrationReader` for the texts of `a_description`; `asked` are the marks it was given."""

    asked: list[frozenset[Mark]] = field(default_factory=list)

    def read(self, text: str, *, marks: frozenset[Mark]) -> RegistrationFacts:
        """As the text says."""
        self.asked.append(marks)
        said = json.loads(text)
        faults = tuple(Remark(place="line 7, md:KeyDescriptor", words=words) for words in said.get("faults", ()))
        if faults:
            raise RegistrationRefused(faults)
        return RegistrationFacts(
            protocol_id=said.get("id", ENTITY),
            ends_at=_instant(said.get("ends_at")),
            marks=frozenset({Mark.UNSIGNED_REQUESTS}) if said.get("unsigned") else frozenset(),
            name=_text(said.get("name")),
            operator=_text(said.get("operator")),
            home_url=said.get("home_url"),
            warnings=tuple(Remark(place="line 3", words=words) for words in said.get("warnings", ())),
            receives=tuple(Told(name=name, meaning=f"the {name}") for name in said.get("receives", ("NameID",))),
            keys=tuple(
                RegisteredKey(
                    use="signing", kind="RSA 2048", fingerprint=name * 64, ends_at=_instant(said.get("keys_end_at"))
                )
                for name in said.get("keys", ("a",))
            ),
            protections=frozenset(Protection(name) for name in said.get("protections", ())),
        )


def _instant(said: object) -> datetime | None:
    return datetime.fromisoformat(str(said)) if said else None


def _text(said: object) -> LocalText | None:
    return LocalText(ja=f"{said}（日本語）", en=str(said)) if said else None


READERS: Mapping[FederationProtocol, FakeReader] = {protocol: FakeReader() for protocol in FederationProtocol}


def a_description(protocol: FederationProtocol = FederationProtocol.SAML, /, **said: object) -> Description:
    """What a site says of itself: `id`, `ends_at`, `unsigned`, `name`, `operator`, `home_url`, `keys`, …"""
    return Description(protocol=protocol, text=json.dumps(said))


def an_order(entries: Entries = EVERYTHING, **said: object) -> Order:
    """For a site that says `said`."""
    return Order(description=a_description(**said), entries=entries)
