"""SAML metadata 4.1: our entityID is an address, and the document stands there."""

from tests.support.house import SampleHouse
from tests.support.saml import ISSUER, SETTINGS


def test_document_is_fetched_again_only_if_it_is_another(house: SampleHouse) -> None:
    client, path = house.app.test_client(), SETTINGS.entity_id.removeprefix(ISSUER)
    first = client.get(path, base_url=ISSUER)
    assert (first.status_code, first.mimetype) == (200, "application/samlmetadata+xml")
    again = client.get(path, base_url=ISSUER, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")
    house.clock.move(SETTINGS.own_metadata.lifetime)
    later = client.get(path, base_url=ISSUER, headers={"If-None-Match": first.headers["ETag"]})
    assert later.status_code == 200
