"""A service provider on python3-saml, as its manual shows one: `/usr/bin/python3 python3_saml_site.py settings.json`.

It knows nothing of this project. It takes the provider's metadata from its address, believes it by its signature, and
shows as JSON what the toolkit makes of an answer. The toolkit sends requests by redirect only; where they shall be
posted, the site makes the form, with the toolkit's own signature.
"""

import html
import json
import secrets
import ssl
import sys
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request
from onelogin.saml2.constants import OneLogin_Saml2_Constants
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.metadata import OneLogin_Saml2_Metadata
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils

Table = dict[str, Any]
"""The toolkit has no types; it speaks in dictionaries."""

_SECONDS = 20
_LARGEST_BODY = 1024 * 1024
_COOKIE = "__Host-login"
_WANTED_PAGE = "/wanted?page=1&mark=%E2%9C%93"
_FORM = """<!doctype html><title>On to the login</title>
<form method="post" action="{address}">{fields}<button>Go on</button></form>
<script>document.forms[0].submit()</script>"""


_SIGN_RESPONSES = """<md:Extensions><attr:EntityAttributes
  xmlns:attr="urn:oasis:names:tc:SAML:metadata:attribute" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">
<saml:Attribute Name="http://shibboleth.net/ns/profiles/saml2/sso/browser/signResponses"
  NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"><saml:AttributeValue>true</saml:AttributeValue>
</saml:Attribute></attr:EntityAttributes></md:Extensions>"""
"""How Shibboleth asks for it; SAML metadata has no element for that, and the toolkit publishes nothing."""


class Site:
    """The site's settings, and the logins under way: their request's id by the browser's cookie."""

    def __init__(self, settings: Table) -> None:
        self.settings = settings
        self.host = f"{settings['host']}:{settings['port']}"
        self.under_way: dict[str, str] = {}
        self._relay_state = f"https://{self.host}{_WANTED_PAGE}"

    def metadata(self) -> str:
        """The site's own, signed, for the provider's operator."""
        own = OneLogin_Saml2_Settings(self.settings["toolkit"], sp_validation_only=True)
        security = own.get_security_data()
        text = own.get_sp_metadata().decode()
        if security["wantMessagesSigned"]:
            text = text.replace("<md:SPSSODescriptor", f"{_SIGN_RESPONSES}<md:SPSSODescriptor", 1)
        signed = OneLogin_Saml2_Metadata.sign_metadata(
            text, own.get_sp_key(), own.get_sp_cert(), security["signatureAlgorithm"], security["digestAlgorithm"]
        )
        return str(signed.decode())

    def begin(self) -> tuple[str, str, dict[str, str]]:
        """The new login's cookie, the provider's address, and the form to post there, empty for a redirect."""
        auth = self._auth("/login", {})
        form: dict[str, str] = {}
        if self.settings["posts_requests"]:
            request_id, form["SAMLRequest"] = self._posted_request(auth)
            form["RelayState"] = self._relay_state
            address = str(auth.get_sso_url())
        else:
            address = str(auth.login(return_to=self._relay_state, is_passive=self.settings["is_passive"]))
            request_id = auth.get_last_request_id()
        cookie = secrets.token_urlsafe(32)
        self.under_way[cookie] = request_id
        return cookie, address, form

    def read(self, cookie: str, form: dict[str, str]) -> Table:
        """What the toolkit makes of the answer to the login that `cookie` began. Each is answered once."""
        request_id = self.under_way.pop(cookie, None)
        if request_id is None:
            return {"refusal": "no login is under way in this browser"}
        auth = self._auth("/acs", form)
        try:
            auth.process_response(request_id=request_id)
        except OneLogin_Saml2_ValidationError as error:
            return {"refusal": str(error)}
        if form.get("RelayState") != self._relay_state:
            return {"refusal": "the answer comes with another RelayState"}
        if auth.get_errors() or not auth.is_authenticated():
            return {"refusal": f"{auth.get_last_error_reason()}"}
        return {
            "name_id": auth.get_nameid(),
            "name_id_format": auth.get_nameid_format(),
            "name_qualifier": auth.get_nameid_nq(),
            "sp_name_qualifier": auth.get_nameid_spnq(),
            "context": " ".join(auth.get_last_authn_contexts()),
            "session_index": auth.get_session_index(),
            "attributes": auth.get_attributes(),
        }

    def _auth(self, path: str, form: dict[str, str]) -> Any:  # noqa: ANN401 (the toolkit has no types)
        request = {"https": "on", "http_host": self.host, "script_name": path, "get_data": {}, "post_data": form}
        return OneLogin_Saml2_Auth(request, {**self.settings["toolkit"], "idp": self._provider()})

    def _provider(self) -> Table:
        """What the provider's metadata says, once its signature is proven. Raises `ValueError`."""
        parser = OneLogin_Saml2_IdPMetadataParser
        text = parser.get_metadata(self.settings["provider_metadata"], timeout=_SECONDS)
        pinned = Path(self.settings["provider_certificate"]).read_text(encoding="utf-8")
        if not OneLogin_Saml2_Utils.validate_metadata_sign(text, cert=pinned):
            raise ValueError("the provider's metadata is not signed")
        binding = "BINDING_HTTP_POST" if self.settings["posts_requests"] else "BINDING_HTTP_REDIRECT"
        found = parser.parse(text, required_sso_binding=getattr(OneLogin_Saml2_Constants, binding))
        return dict(found["idp"])

    def _posted_request(self, auth: Any) -> tuple[str, str]:  # noqa: ANN401 (the toolkit has no types)
        own = auth.get_settings()
        security = own.get_security_data()
        request = OneLogin_Saml2_Authn_Request(own, is_passive=self.settings["is_passive"])
        signed = OneLogin_Saml2_Utils.add_sign(
            request.get_xml(),
            own.get_sp_key(),
            own.get_sp_cert(),
            sign_algorithm=security["signatureAlgorithm"],
            digest_algorithm=security["digestAlgorithm"],
        )
        return request.get_id(), OneLogin_Saml2_Utils.b64encode(signed)


class Handler(BaseHTTPRequestHandler):
    """The site's four addresses."""

    site: Site
    timeout = _SECONDS

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/metadata":
            self._say(self.site.metadata(), kind="application/samlmetadata+xml")
        elif path == "/login":
            self._begin()
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        if urlsplit(self.path).path != "/acs" or length > _LARGEST_BODY:
            self.send_error(404)
            return
        form = dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
        cookies = SimpleCookie(self.headers.get("Cookie", ""))
        cookie = cookies[_COOKIE].value if _COOKIE in cookies else ""
        self._say(json.dumps(self.site.read(cookie, form)), kind="application/json")

    def _begin(self) -> None:
        cookie, address, form = self.site.begin()
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in form.items()
        )
        headers = {"Set-Cookie": f"{_COOKIE}={cookie}; Path=/; Secure; HttpOnly; SameSite=None"}
        if form:
            self._say(_FORM.format(address=html.escape(address), fields=fields), kind="text/html", headers=headers)
        else:
            self._say("", kind="text/plain", status=302, headers={**headers, "Location": address})

    def _say(self, text: str, *, kind: str, status: int = 200, headers: dict[str, str] | None = None) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(file: str) -> None:
    """Serve until ended."""
    settings = json.loads(Path(file).read_text(encoding="utf-8"))
    Handler.site = Site(settings)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(settings["tls_certificate"], settings["tls_key"])
    server = ThreadingHTTPServer((settings["host"], settings["port"]), Handler)
    # The handshake is left to the connection's own thread: a browser opens some connections only in case of need.
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
