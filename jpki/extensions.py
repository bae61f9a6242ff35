"""Looking into X.509 extensions, for certificates and for revocation lists."""

from typing import TypeVar

from cryptography import x509

T = TypeVar("T", bound=x509.ExtensionType)


def find_extension(extensions: x509.Extensions, kind: type[T]) -> x509.Extension[T] | None:
    """The extension whose value is exactly of type `kind`; the parser has refused doubles."""
    found: x509.Extension[T]
    for found in extensions:
        if type(found.value) is kind:
            return found
    return None


def has_strange_critical(extensions: x509.Extensions, understood: frozenset[type[x509.ExtensionType]]) -> bool:
    """Whether a critical extension is not understood, so that all of it must be refused (RFC 5280 section 4.2)."""
    return any(extension.critical and type(extension.value) not in understood for extension in extensions)
