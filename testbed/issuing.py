"""The municipality's counter: issuing a card, renewing it, and putting an expired or faulty certificate on it.

Register and card change together: the card is written inside the register's transaction.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import ReasonFlags

from testbed.card_memory import CardMemory, KeyPair, load_card, save_card
from testbed.defects import Defect
from testbed.leaves import LeafOrder, contents_authority, sign_leaf
from testbed.people import MUNICIPALITIES, Municipality, Person
from testbed.profiles import Authority, Generation
from testbed.register import Changes, IssuedCertificate, RegisteredCard, Revocation
from testbed.state import Pki

_DAY = timedelta(days=1)
_EXPIRED_LIFE = timedelta(days=400)


class CardExistsError(ValueError):
    """A card of this name was issued before."""


def issue_card(
    pki: Pki,
    *,
    card_id: str,
    person: Person,
    municipality: Municipality,
    pin: str,
    password: str,
    now: datetime,
    generation: Generation = Generation.CURRENT,
    with_signature: bool = True,
) -> CardMemory:
    """Make keys and certificates for a new card and write it. Children under 15 get no signature certificate.

    Raises `CardExistsError`.
    """
    wanted = tuple(Authority) if with_signature else (Authority.AUTHENTICATION,)
    orders = [
        LeafOrder(
            authority=authority,
            person=person,
            municipality=municipality,
            key=pki.new_key(),
            not_before=now,
            generation=generation,
        )
        for authority in wanted
    ]
    blank = CardMemory(
        card_id=card_id, holder=person.name, pin=pin, password=password, authentication=None, signature=None
    )
    with pki.register.changing() as changes:
        if changes.has_card(card_id):
            raise CardExistsError(f"a card called {card_id} exists already")
        changes.put_card(RegisteredCard(card_id=card_id, municipality=municipality.code, person=person))
        return _put_on_card(pki, changes, blank, orders)


def renew(
    pki: Pki,
    card_id: str,
    *,
    now: datetime,
    person: Person | None = None,
    municipality: Municipality | None = None,
    which: Collection[Authority] = tuple(Authority),
) -> CardMemory:
    """Replace certificates and keys by new ones of the current generation; the old certificates become superseded.

    `person` and `municipality` tell what changed about the holder, as after a move. Raises `UnknownCardError`.
    """
    known = pki.register.card(card_id)
    card = load_card(pki.cards, card_id)
    known = replace(
        known,
        person=person or known.person,
        municipality=municipality.code if municipality else known.municipality,
    )
    orders = [_order(known, authority, pki.new_key(), now) for authority in _pairs(card) if authority in which]
    with pki.register.changing() as changes:
        changes.put_card(known)
        _supersede(changes, card_id, [order.authority for order in orders], now)
        return _put_on_card(pki, changes, replace(card, holder=known.person.name), orders)


def expire(pki: Pki, card_id: str, *, now: datetime) -> CardMemory:
    """Put certificates on the card, for its own keys, that ended a day ago. Raises `UnknownCardError`."""
    known = pki.register.card(card_id)
    card = load_card(pki.cards, card_id)
    orders = [
        replace(_order(known, authority, _key(pair), now - _EXPIRED_LIFE), not_after=now - _DAY)
        for authority, pair in _pairs(card).items()
    ]
    with pki.register.changing() as changes:
        _supersede(changes, card_id, _pairs(card), now)
        return _put_on_card(pki, changes, card, orders)


def break_card(
    pki: Pki, card_id: str, defect: Defect, *, now: datetime, authority: Authority = Authority.AUTHENTICATION
) -> CardMemory:
    """Put one certificate with `defect` on the card. Raises `UnknownCardError`, `KeyError` without that certificate."""
    known = pki.register.card(card_id)
    card = load_card(pki.cards, card_id)
    order = replace(_order(known, authority, _key(_pairs(card)[authority]), now), defect=defect)
    with pki.register.changing() as changes:
        _supersede(changes, card_id, [authority], now)
        return _put_on_card(pki, changes, card, [order])


def _order(known: RegisteredCard, authority: Authority, key: rsa.RSAPrivateKey, not_before: datetime) -> LeafOrder:
    return LeafOrder(
        authority=authority,
        person=known.person,
        municipality=MUNICIPALITIES[known.municipality],
        key=key,
        not_before=not_before,
    )


def _put_on_card(pki: Pki, changes: Changes, card: CardMemory, orders: list[LeafOrder]) -> CardMemory:
    for order in orders:
        kind = contents_authority(order)
        serial = changes.new_serial(kind)
        pair = sign_leaf(pki, order, serial)
        card = _with_pair(card, order.authority, pair)
        if order.defect not in (Defect.NOT_REGISTERED, Defect.UNTRUSTED_AUTHORITY, Defect.OTHER_AUTHORITY):
            changes.add(
                IssuedCertificate(
                    authority=kind,
                    serial=serial,
                    generation=order.generation,
                    municipality=order.municipality.code,
                    card_id=card.card_id,
                )
            )
    save_card(pki.cards, card)
    return card


def _supersede(changes: Changes, card_id: str, authorities: Collection[Authority], now: datetime) -> None:
    superseded = Revocation(at=now, reason=ReasonFlags.superseded)
    for issued in changes.on_card(card_id):
        if issued.authority in authorities:
            changes.take_off_card(issued)
            if issued.revocation is None or issued.revocation.is_hold:
                changes.set_revocation(issued, superseded)


def _pairs(card: CardMemory) -> dict[Authority, KeyPair]:
    pairs = {Authority.AUTHENTICATION: card.authentication, Authority.SIGNATURE: card.signature}
    return {authority: pair for authority, pair in pairs.items() if pair is not None}


def _with_pair(card: CardMemory, authority: Authority, pair: KeyPair) -> CardMemory:
    match authority:
        case Authority.AUTHENTICATION:
            return replace(card, authentication=pair)
        case Authority.SIGNATURE:
            return replace(card, signature=pair)


def _key(pair: KeyPair) -> rsa.RSAPrivateKey:
    # This program wrote the file; checking the primes again costs tens of milliseconds for each key.
    key = serialization.load_der_private_key(pair.private_key, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("a card holds RSA keys only")
    return key
