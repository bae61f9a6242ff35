"""The floor: what this machine needs, during this very run, for one cryptographic operation and one synced write."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from benchmarks.figures import cpu_ms_per_call

_MESSAGE = bytes(600)
_SECONDS = 0.05
_PAGE = bytes(4096)
_WRITES = 15


class Operation(StrEnum):
    """What protocols make us do, whatever the program around it is."""

    RSA_SIGN = "RSA-2048 sign"
    RSA_VERIFY = "RSA-2048 verify"
    EC_SIGN = "P-256 sign"
    EC_VERIFY = "P-256 verify"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crypto:
    """How often a step must do what."""

    rsa_signs: int = 0
    rsa_verifies: int = 0
    ec_verifies: int = 0

    def cost(self, floor: Mapping[Operation, float]) -> float:
        """Milliseconds, if nothing else had to be done."""
        return (
            self.rsa_signs * floor[Operation.RSA_SIGN]
            + self.rsa_verifies * floor[Operation.RSA_VERIFY]
            + self.ec_verifies * floor[Operation.EC_VERIFY]
        )

    def __add__(self, other: "Crypto") -> "Crypto":
        return Crypto(
            rsa_signs=self.rsa_signs + other.rsa_signs,
            rsa_verifies=self.rsa_verifies + other.rsa_verifies,
            ec_verifies=self.ec_verifies + other.ec_verifies,
        )

    def written(self) -> str:
        """Such as `1 sign, 3 verify`; P-256 is named, RSA-2048 is not; empty for none."""
        parts = ((self.rsa_signs, "sign"), (self.rsa_verifies, "verify"), (self.ec_verifies, "P-256 verify"))
        return ", ".join(f"{number} {name}" for number, name in parts if number)


class Floor:
    """Keys of its own; `measure` is one round, in milliseconds of processor time for each operation."""

    def __init__(self) -> None:
        rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        ec_key = ec.generate_private_key(ec.SECP256R1())
        rsa_way, digest, ec_way = padding.PKCS1v15(), hashes.SHA256(), ec.ECDSA(hashes.SHA256())
        rsa_public, rsa_signature = rsa_key.public_key(), rsa_key.sign(_MESSAGE, rsa_way, digest)
        ec_public, ec_signature = ec_key.public_key(), ec_key.sign(_MESSAGE, ec_way)
        self._calls: dict[Operation, Callable[[], object]] = {
            Operation.RSA_SIGN: lambda: rsa_key.sign(_MESSAGE, rsa_way, digest),
            Operation.RSA_VERIFY: lambda: rsa_public.verify(rsa_signature, _MESSAGE, rsa_way, digest),
            Operation.EC_SIGN: lambda: ec_key.sign(_MESSAGE, ec_way),
            Operation.EC_VERIFY: lambda: ec_public.verify(ec_signature, _MESSAGE, ec_way),
        }

    def measure(self) -> dict[Operation, float]:
        """Each operation in turn; a verification that fails raises `InvalidSignature`."""
        return {operation: cpu_ms_per_call(call, seconds=_SECONDS) for operation, call in self._calls.items()}


def synced_write_ms(folder: Path) -> float:
    """Wall time in milliseconds until one appended page is on the disk: a commit that must survive a loss of power."""
    file = folder / "synced"
    with file.open("ab", buffering=0) as opened:
        began = time.perf_counter()
        for _ in range(_WRITES):
            opened.write(_PAGE)
            os.fdatasync(opened.fileno())
        spent = time.perf_counter() - began
    file.unlink()
    return spent / _WRITES * 1e3
