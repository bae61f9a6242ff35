from dataclasses import replace
from datetime import timedelta

import pytest

from idp.protocols.saml.settings import Contact, OwnMetadataSettings
from tests.support.saml import SETTINGS


@pytest.mark.parametrize("scope", ["", "-x", "a b", "a@b", "a" * 128, "例え.jp", "a\n"])
def test_scope_that_cannot_stand_in_a_pairwise_id_is_refused(scope: str) -> None:
    with pytest.raises(ValueError, match="scope"):
        replace(SETTINGS, scope=scope)


def test_entity_is_named_by_another_address_than_the_one_of_logins() -> None:
    with pytest.raises(ValueError, match="must differ"):
        replace(SETTINGS, entity_id=SETTINGS.sso_url)


@pytest.mark.parametrize("lifetime", [timedelta(minutes=59), timedelta(days=28, seconds=1), timedelta(0)])
def test_lifetime_of_metadata_is_bounded(lifetime: timedelta) -> None:
    with pytest.raises(ValueError, match="lifetime must be from 3600"):
        OwnMetadataSettings(lifetime=lifetime)


@pytest.mark.parametrize(
    "email",
    ["", "operations", "mailto:a@idp.example", "@idp.example", "operations@", "a b@idp.example", "a@idp.example\n"],
)
def test_contact_that_is_no_mailbox_is_refused(email: str) -> None:
    with pytest.raises(ValueError, match="one address"):
        Contact(name="Operations", email=email)


def test_contact_is_one_mailbox() -> None:
    assert Contact(name="Operations", email="operations+saml@idp.example").email
