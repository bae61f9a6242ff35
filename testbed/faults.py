"""How the revocation services can misbehave, and the switch that makes them: a small file read at every request."""

import json
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

LONGEST_DELAY = timedelta(minutes=10)


class OcspFault(StrEnum):
    """One way each in which an OCSP answer is wrong."""

    LATE = "late"  # the right answer after `delay`
    TRICKLE = "trickle"  # the right answer, one byte each `delay`
    STALE = "stale"  # nextUpdate has passed
    FUTURE = "future"  # thisUpdate is still to come
    UNSIGNED = "unsigned"  # the signature is empty
    BAD_SIGNATURE = "bad-signature"
    STRANGER = "stranger"  # signed by a responder of the right name that an unknown authority appointed
    SIGNER_WITHOUT_EKU = "signer-without-eku"  # the authority's own certificate, but not for OCSP signing
    EXPIRED_SIGNER = "expired-signer"
    OTHER_SERIAL = "other-serial"
    WITHOUT_NONCE = "without-nonce"
    WRONG_NONCE = "wrong-nonce"
    UNKNOWN = "unknown"
    TRY_LATER = "try-later"
    HTTP_500 = "http-500"
    GARBAGE = "garbage"
    OVERSIZED = "oversized"


class CrlFault(StrEnum):
    """One way each in which a revocation list is wrong."""

    LATE = "late"
    TRICKLE = "trickle"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    TAMPERED = "tampered"
    WRONG_ISSUER = "wrong-issuer"  # the right issuer name, a key that nobody trusts
    OTHER_MUNICIPALITY = "other-municipality"  # rightly signed, but about another part of the list
    MISSING = "missing"
    HTTP_500 = "http-500"
    GARBAGE = "garbage"
    OVERSIZED = "oversized"


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What is wrong now. `delay` belongs to the late and trickling answers."""

    ocsp: OcspFault | None = None
    crl: CrlFault | None = None
    delay: timedelta = timedelta(seconds=5)


NO_FAULTS = Faults()


class FaultSwitch:
    """Turns faults on and off for every process that serves from the same state."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> Faults:
        """What is switched on; nothing where the file is absent. Raises `ValueError` for an unknown fault."""
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return NO_FAULTS
        return read_faults(json.loads(text))

    def set(self, faults: Faults) -> None:
        """Switch to exactly these faults, at once."""
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(faults_table(faults)), encoding="utf-8")
        draft.replace(self._file)

    def clear(self) -> None:
        """Switch everything off."""
        self._file.unlink(missing_ok=True)


def fault_switch(state: Path) -> FaultSwitch:
    """The switch of the PKI in `state`."""
    return FaultSwitch(state / "pki" / "faults.json")


def read_faults(table: object) -> Faults:
    """Faults from JSON: `ocsp`, `crl` (a name or null) and `delay_seconds`, all optional. Raises `ValueError`."""
    if not isinstance(table, dict) or table.keys() - {"ocsp", "crl", "delay_seconds"}:
        raise ValueError("faults are an object with ocsp, crl and delay_seconds")
    delay = table.get("delay_seconds", NO_FAULTS.delay.total_seconds())
    if isinstance(delay, bool) or not isinstance(delay, int | float) or not 0 <= delay <= LONGEST_DELAY.total_seconds():
        raise ValueError(f"delay_seconds is a number from 0 to {LONGEST_DELAY.total_seconds():.0f}")
    ocsp, crl = table.get("ocsp"), table.get("crl")
    return Faults(
        ocsp=None if ocsp is None else OcspFault(ocsp),
        crl=None if crl is None else CrlFault(crl),
        delay=timedelta(seconds=delay),
    )


def faults_table(faults: Faults) -> dict[str, str | float | None]:
    """The JSON form that `read_faults` reads."""
    return {"ocsp": faults.ocsp, "crl": faults.crl, "delay_seconds": faults.delay.total_seconds()}
