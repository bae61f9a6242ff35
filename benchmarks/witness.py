"""What xmlsec1, which had no part in making it, finds in a Response: first it decrypts, then it verifies."""

import subprocess
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from benchmarks.figures import BenchmarkFailed, require

XMLSEC1 = Path("/usr/bin/xmlsec1")
_SECONDS = 20
_ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
_NAMES = {
    "saml": _ASSERTION,
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What stands in a Response whose one signature, on its one assertion, is good.

    Methods are the last parts of their URIs; `encryption` is empty for an assertion that came as it is.
    """

    signature: str
    encryption: str
    name_id_format: str
    attributes: Mapping[str, str]
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Knows one server's certificate and one site's key, both as PEM; writes its files to `folder`."""

    folder: Path
    certificate: bytes
    key: bytes

    def read(self, field: str) -> Reading:
        """The SAMLResponse of a form. Raises `BenchmarkFailed` if it is not what `Reading` says."""
        document = b64decode(field)
        encryption = self._method(document, "//saml:EncryptedAssertion//xenc:EncryptedData/xenc:EncryptionMethod")
        plain = self._decrypted(document) if encryption else document
        self._verify(plain)
        root = etree.fromstring(plain)
        _require_one(root, "//saml:Assertion")
        _require_one(root, "//ds:SignatureValue")
        return Reading(
            signature=self._method(plain, "//saml:Assertion/ds:Signature/ds:SignedInfo/ds:SignatureMethod"),
            encryption=encryption,
            name_id_format=_text(root, "//saml:Subject/saml:NameID/@Format").rpartition(":")[2],
            attributes={
                _text(attribute, "@Name"): _text(attribute, "saml:AttributeValue/text()")
                for attribute in root.findall(".//saml:Attribute", _NAMES)
            },
            size=len(document),
        )

    def _decrypted(self, document: bytes) -> bytes:
        key = self._file("key.pem", self.key)
        return self._xmlsec1("--decrypt", "--privkey-pem", str(key), document=document)

    def _verify(self, document: bytes) -> None:
        certificate = self._file("certificate.pem", self.certificate)
        self._xmlsec1(
            "--verify",
            *("--enabled-reference-uris", "same-doc"),
            *("--pubkey-cert-pem", str(certificate), "--id-attr:ID", f"{_ASSERTION}:Assertion"),
            document=document,
        )

    def _xmlsec1(self, *arguments: str, document: bytes) -> bytes:
        file = self._file("response.xml", document)
        done = subprocess.run(  # noqa: S603 (a fixed program; its files are the benchmark's)
            [str(XMLSEC1), *arguments, str(file)], check=False, capture_output=True, timeout=_SECONDS
        )
        if done.returncode != 0:
            raise BenchmarkFailed(f"xmlsec1 {arguments[0]} said: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def _file(self, name: str, content: bytes) -> Path:
        file = self.folder / name
        file.write_bytes(content)
        return file

    def _method(self, document: bytes, path: str) -> str:
        return _text(etree.fromstring(document), f"{path}/@Algorithm").rpartition("#")[2]


def _require_one(root: "etree._Element", path: str) -> None:
    require(root.xpath(f"count({path})", namespaces=_NAMES), lambda number: number == 1, f"{path} in a Response")


def _text(element: "etree._Element", path: str) -> str:
    """The first match, empty if there is none."""
    return str(element.xpath(f"string({path})", namespaces=_NAMES))
