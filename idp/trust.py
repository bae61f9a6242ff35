"""The trust anchors of the settings, checked against the profile."""

from idp.settings import IdpSettings, Profile, SettingsError
from jpki.anchors import TrustAnchor, is_testbed_anchor, load_anchors
from jpki.errors import AnchorUnusable


def load_trust(settings: IdpSettings) -> tuple[TrustAnchor, ...]:
    """The user-authentication CAs. Raises `SettingsError` if there is none, or a testbed's one in production."""
    anchors: list[TrustAnchor] = []
    for file in sorted(settings.trust.authentication.glob("*.pem")):
        try:
            anchors += load_anchors(file.read_bytes())
        except AnchorUnusable as error:
            raise SettingsError(f"trust.authentication: {file.name}: {error}") from error
    if not anchors:
        raise SettingsError(f"trust.authentication: no certificate (*.pem) in {settings.trust.authentication}")
    if settings.profile is Profile.PRODUCTION and any(is_testbed_anchor(anchor) for anchor in anchors):
        raise SettingsError("trust.authentication: a trust anchor of the testbed (JPKI-TEST) in a production profile")
    return tuple(anchors)
