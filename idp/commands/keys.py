"""`idp key`: which keys sign, and the change of the SAML signing key in three steps (docs/operations.md)."""

import argparse
import json
from dataclasses import asdict, dataclass
from datetime import datetime

from cryptography import x509

from foundation.clock import system_clock
from foundation.keys import key_id_of
from idp.adapters.keys.key_folder import KeyFolder, load_keys
from idp.adapters.keys.rollover import prepare_saml_key, ready_at, retire_saml_key, roll_saml_key
from idp.settings import IdpSettings, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLine:
    """One signing key as the list shows it. Times are ISO 8601 in UTC; `ready_at` is when a next key may be used."""

    purpose: str
    state: str
    key_id: str
    certificate_ends_at: str | None = None
    ready_at: str | None = None

    def __str__(self) -> str:
        """As one line of the list."""
        ends = f"   certificate ends {self.certificate_ends_at}" if self.certificate_ends_at else ""
        ready = f"   may be used from {self.ready_at}" if self.ready_at else ""
        return f"{self.purpose:<13} {self.state:<8} {self.key_id}{ends}{ready}"


def key_list(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Show every signing key."""
    lines = _lines(settings)
    print(json.dumps([asdict(line) for line in lines], indent=2) if given.json else "\n".join(map(str, lines)))


def key_prepare(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Make the next key."""
    del given
    certificate, is_new = prepare_saml_key(
        _folder(settings), name=settings.host, now=system_clock(), for_development=_is_development(settings)
    )
    ready = _written(ready_at(certificate, settings.own_metadata.lifetime))
    if is_new:
        print("made the next SAML key; restart or reload the workers now, so that they publish its certificate")
    else:
        print("the next SAML key is there already; nothing was changed")
    print(f"`idp key roll saml` may follow from {ready}")


def key_roll(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Use the next key."""
    roll_saml_key(
        _folder(settings),
        now=system_clock(),
        published_for=None if given.now else settings.own_metadata.lifetime,
        development_allowed=_is_development(settings),
    )
    print("the next SAML key is the one in use; restart or reload the workers now, so that they sign with it")
    print("`idp key retire saml` may follow once all of them have been")


def key_retire(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Stop publishing the previous certificate."""
    del given
    if retire_saml_key(_folder(settings), development_allowed=_is_development(settings)):
        print("the previous SAML certificate is gone; from the next start on, workers do not publish it")
    else:
        print("there is no previous SAML certificate; nothing was changed")


def add_key_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `key` and what belongs to it."""
    key = commands.add_parser("key", help="signing keys").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    listing = key.add_parser("list", help="show the signing keys: in use, next and previous")
    listing.add_argument("--json", action="store_true", help="for programs")
    listing.set_defaults(act=key_list)
    prepare = key.add_parser("prepare", help="make the next key, to be published ahead; once made it is kept")
    roll = key.add_parser("roll", help="use the next key, and go on publishing the certificate before it")
    roll.add_argument("--now", action="store_true", help="even if some sites cannot know the next key yet")
    retire = key.add_parser("retire", help="stop publishing the previous certificate")
    for command, act in ((prepare, key_prepare), (roll, key_roll), (retire, key_retire)):
        command.add_argument("purpose", choices=("saml",), help="what the key signs")
        command.set_defaults(act=act)


def _lines(settings: IdpSettings) -> list[KeyLine]:
    keys = load_keys(_folder(settings), development_allowed=_is_development(settings))
    lifetime = settings.own_metadata.lifetime
    lines = [_line("saml", "in use", keys.saml.in_use.certificate)]
    if keys.saml.next is not None:
        lines.append(_line("saml", "next", keys.saml.next, ready=ready_at(keys.saml.next, lifetime)))
    if keys.saml.previous is not None:
        lines.append(_line("saml", "previous", keys.saml.previous))
    lines.append(_line("saml-metadata", "in use", keys.saml_metadata.certificate))
    return lines + [
        KeyLine(purpose=f"oidc-{signer.algorithm.lower()}", state="in use", key_id=signer.key_id)
        for signer in keys.oidc
    ]


def _line(purpose: str, state: str, certificate: x509.Certificate, *, ready: datetime | None = None) -> KeyLine:
    return KeyLine(
        purpose=purpose,
        state=state,
        key_id=key_id_of(certificate.public_key()),
        certificate_ends_at=_written(certificate.not_valid_after_utc),
        ready_at=None if ready is None else _written(ready),
    )


def _written(moment: datetime) -> str:
    """To the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _folder(settings: IdpSettings) -> KeyFolder:
    return KeyFolder(path=settings.keys.folder)


def _is_development(settings: IdpSettings) -> bool:
    return settings.profile is Profile.DEVELOPMENT
