"""What is burnt into one virtual card: a folder that issuing writes and the card reads.

Only the card program opens the keys; PINs are plain here because every holder is a sample person.
"""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

PIN_TRIES = 3
PASSWORD_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """One JPKI key of the card with its certificate and the certificate of its CA (all DER; the key as PKCS#8 DER)."""

    private_key: bytes
    certificate: bytes
    ca_certificate: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CardMemory:
    """A card as it left the municipality, plus its try counters, which survive a reset."""

    card_id: str
    holder: str
    pin: str
    password: str
    authentication: KeyPair | None
    signature: KeyPair | None
    token_label: str = "JPKIAPICCTOKEN"  # noqa: S105 (the name of a kind of card)
    pin_tries_left: int = PIN_TRIES
    password_tries_left: int = PASSWORD_TRIES


def save_card(folder: Path, card: CardMemory) -> None:
    """Write `folder/{card_id}/`; `card.json` comes last. Each file is whole at every moment."""
    home = folder / card.card_id
    home.mkdir(parents=True, exist_ok=True)
    for name, pair in (("authentication", card.authentication), ("signature", card.signature)):
        if pair is not None:
            _replace(home / f"{name}.key", pair.private_key)
            _replace(home / f"{name}.crt", pair.certificate)
            _replace(home / f"{name}-ca.crt", pair.ca_certificate)
    facts = {
        "holder": card.holder,
        "pin": card.pin,
        "password": card.password,
        "token_label": card.token_label,
        "pin_tries_left": card.pin_tries_left,
        "password_tries_left": card.password_tries_left,
        "authentication": card.authentication is not None,
        "signature": card.signature is not None,
    }
    _replace(home / "card.json", json.dumps(facts, ensure_ascii=False, indent=2).encode())


def load_card(folder: Path, card_id: str) -> CardMemory:
    """Read the card `card_id` from `folder`. Raises `FileNotFoundError` for an unknown card."""
    home = folder / os.fspath(Path(card_id).name)
    facts = json.loads((home / "card.json").read_text(encoding="utf-8"))
    pairs = {
        name: KeyPair(
            private_key=(home / f"{name}.key").read_bytes(),
            certificate=(home / f"{name}.crt").read_bytes(),
            ca_certificate=(home / f"{name}-ca.crt").read_bytes(),
        )
        if facts.pop(name)
        else None
        for name in ("authentication", "signature")
    }
    return CardMemory(card_id=home.name, authentication=pairs["authentication"], signature=pairs["signature"], **facts)


def list_cards(folder: Path) -> list[str]:
    """The ids of the cards in `folder`, sorted."""
    return sorted(path.parent.name for path in folder.glob("*/card.json"))


def reset_tries(folder: Path, card_id: str) -> None:
    """What the municipality's counter does for a locked card: both counters are full again."""
    card = load_card(folder, card_id)
    save_card(folder, replace(card, pin_tries_left=PIN_TRIES, password_tries_left=PASSWORD_TRIES))


def _replace(file: Path, content: bytes) -> None:
    """A wrong PIN rewrites the card: being killed in the middle of that must not cost it a key."""
    draft = file.with_name(file.name + ".new")
    draft.write_bytes(content)
    draft.replace(file)
