from dataclasses import replace

import pytest

from idp.domain.errors import ServiceFault
from idp.protocols.saml.bridge import schema_file
from idp.protocols.saml.responses.rehearsal import SamlRehearsal
from idp.protocols.saml.sites.reader import SiteMetadataReader
from idp.protocols.saml.xml.documents import Schema
from tests.support.saml import NOW, SETTINGS, a_key_descriptor, a_registration, a_site, an_rsa_signer

READER = SiteMetadataReader(schema=Schema(schema_file("metadata")), settings=SETTINGS)
REHEARSAL = SamlRehearsal(SETTINGS, signer=an_rsa_signer("idp"), read=READER.registration)


@pytest.mark.parametrize("use", ["signing", None], ids=["signed", "signed and encrypted"])
def test_answer_is_rehearsed(use: str | None) -> None:
    keys = [a_key_descriptor(an_rsa_signer("site").certificate, use=use)]
    REHEARSAL.rehearse(a_site(registration=a_registration(keys=keys)), now=NOW)


def test_encryption_is_rehearsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the site could not read is noticed before a citizen is."""

    def impossible(*_: object, **__: object) -> None:
        raise ServiceFault

    monkeypatch.setattr("idp.protocols.saml.responses.rehearsal.encrypt", impossible)
    keys = [a_key_descriptor(an_rsa_signer("site").certificate, use=None)]
    with pytest.raises(ServiceFault):
        REHEARSAL.rehearse(a_site(registration=a_registration(keys=keys)), now=NOW)
    REHEARSAL.rehearse(a_site(), now=NOW)


def test_unreadable_registration_is_a_fault() -> None:
    with pytest.raises(ServiceFault):
        REHEARSAL.rehearse(replace(a_site(), registration="<no/>"), now=NOW)
