"""Values that prove a check are made where the check is, and nowhere else."""

import ast

import pytest

from tests.support.source import SHIPPED, calls, makers_of, modules

ONE_MAKER = {
    "Release": "idp/usecases/releases.py",
    "VerifiedCard": "idp/usecases/card.py",
    "CertificateCheck": "idp/usecases/card.py",
    "AuthenticationResult": "idp/usecases/enrolment.py",
    "Session": "idp/usecases/sessions.py",
    "PendingLogin": "idp/usecases/login.py",
    "Challenge": "idp/usecases/card.py",
    "AuthenticationCertificate": "jpki/verification.py",
    "SignatureCertificate": "jpki/verification.py",
    "UnverifiedCertificate": "jpki/certificates.py",
}
READ_BACK = {
    "CertificateCheck": {"idp/adapters/db/citizens.py", "idp/adapters/db/sessions.py"},
    "Session": {"idp/adapters/db/sessions.py"},
}
"""Stores make them again from rows that were written from one."""


@pytest.mark.parametrize(("name", "maker"), ONE_MAKER.items())
def test_value_has_one_maker(name: str, maker: str) -> None:
    assert makers_of(name, *SHIPPED) - READ_BACK.get(name, set()) == {maker}


def test_no_value_is_made_by_changing_another() -> None:
    """`dataclasses.replace` would make a `Release` out of a `Release` without the word standing there."""
    imported = {
        path
        for path, tree in modules("idp", "jpki")
        if "replace" in {name for node in tree.body for name in imports_from(node, "dataclasses")}
    }
    assert imported == set()


def imports_from(node: object, module: str) -> list[str]:
    if isinstance(node, ast.ImportFrom) and node.module == module:
        return [alias.name for alias in node.names]
    return []


def test_the_search_finds_calls() -> None:
    """So that an empty answer means something."""
    assert makers_of("create_app", "idp") == {"idp/composition.py"}
    assert "Flask" in {name for path, tree in modules("idp/web") if path == "idp/web/app.py" for name in calls(tree)}
