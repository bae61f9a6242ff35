"""The SAML signing key is changed: no site that took our metadata a step before or after refuses an answer."""

import base64
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import etree

from idp.adapters.keys.key_folder import KeyFolder
from idp.adapters.keys.rollover import prepare_saml_key, retire_saml_key, roll_saml_key
from idp.protocols.saml.xml.documents import Element
from idp.settings import KeySettings
from tests.support import saml
from tests.support.house import Foundations, a_house, house_settings

CERTIFICATE = "{http://www.w3.org/2000/09/xmldsig#}X509Certificate"
KEY = ".//{urn:oasis:names:tc:SAML:2.0:metadata}KeyDescriptor"
SIGNATURE = ".//{http://www.w3.org/2000/09/xmldsig#}Signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a worker gave out that was started at this step: certificates as text."""

    published: tuple[str | None, ...]
    metadata_signed_by: str | None
    answer_signed_by: str | None


Steps = dict[str, Seen]


@pytest.fixture(scope="module")
def steps(foundations: Foundations, tmp_path_factory: pytest.TempPathFactory) -> Steps:
    """A whole rollover; at each step a worker starts, gives out metadata and logs a citizen in."""
    folder = tmp_path_factory.mktemp("rollover")
    keys = KeyFolder(path=Path(shutil.copytree(foundations.keys, folder / "keys")))
    settings = replace(house_settings(foundations, folder), keys=KeySettings(folder=keys.path))
    now = foundations.pki.now
    acts: dict[str, Callable[[], object]] = {
        "before": lambda: None,
        "prepared": lambda: prepare_saml_key(keys, name="idp.example", now=now, for_development=True),
        "rolled": lambda: roll_saml_key(keys, now=now, published_for=None, development_allowed=True),
        "retired": lambda: retire_saml_key(keys, development_allowed=True),
    }
    seen: Steps = {}
    for name, act in acts.items():
        act()
        with a_house(foundations, settings) as house:
            browser = house.browser()
            page = house.log_in(browser, house.ministry, house.card())
            answer = etree.fromstring(base64.b64decode(page.form(saml.RETURN_URL).fields["SAMLResponse"]))
            metadata = etree.fromstring(house.browser().open("/saml/metadata").response.get_data())
        seen[name] = Seen(
            published=tuple(_certificate(descriptor) for descriptor in metadata.iterfind(KEY)),
            metadata_signed_by=_certificate(metadata.find(SIGNATURE)),
            answer_signed_by=_certificate(answer.find(SIGNATURE)),
        )
    return seen


def _certificate(element: Element | None) -> str | None:
    assert element is not None
    return next(element.iter(CERTIFICATE)).text


def test_answers_are_signed_by_a_key_that_metadata_of_the_steps_around_has(steps: Steps) -> None:
    for one, other in pairwise(steps.values()):
        assert one.answer_signed_by in other.published
        assert other.answer_signed_by in one.published


def test_key_in_use_stands_first_at_every_step(steps: Steps) -> None:
    for seen in steps.values():
        assert seen.published[0] == seen.answer_signed_by
    assert [len(seen.published) for seen in steps.values()] == [1, 2, 2, 1]


def test_key_is_another_in_the_end(steps: Steps) -> None:
    assert steps["before"].answer_signed_by == steps["prepared"].answer_signed_by
    assert steps["rolled"].answer_signed_by == steps["retired"].answer_signed_by
    assert steps["before"].answer_signed_by not in steps["retired"].published


def test_pinned_key_of_the_metadata_is_the_same_throughout(steps: Steps) -> None:
    (pinned,) = {seen.metadata_signed_by for seen in steps.values()}
    assert all(pinned not in seen.published for seen in steps.values())
