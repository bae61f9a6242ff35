"""The parameters of a request as they came: bounded, and each at most once (RFC 6749 section 3.1)."""

from collections import Counter
from collections.abc import Iterator, Sequence

from idp.protocols.oidc.errors import OAuthError, OAuthRefusal

LONGEST_REQUEST = 16 * 1024
MOST_PARAMETERS = 50


class Parameters:
    """A request's parameters. One without a value counts as omitted."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Raises `OAuthRefusal` for more or longer parameters than any honest request has, and for broken Unicode."""
        if len(pairs) > MOST_PARAMETERS:
            raise OAuthRefusal(OAuthError.INVALID_REQUEST, "too many parameters")
        try:
            size = sum(len(name.encode()) + len(value.encode()) for name, value in pairs)
        except UnicodeEncodeError as error:
            raise OAuthRefusal(OAuthError.INVALID_REQUEST, "a parameter is not text") from error
        if size > LONGEST_REQUEST:
            raise OAuthRefusal(OAuthError.INVALID_REQUEST, "the request is too long")
        self._counts = Counter(name for name, _ in pairs)
        self._values = {name: value for name, value in pairs if value}

    def get(self, name: str) -> str | None:
        """The value, if it came exactly once; a parameter that came twice has no value that anybody should trust."""
        return self._values.get(name) if self._counts[name] == 1 else None

    def __contains__(self, name: str) -> bool:
        """Whether it came with a value, however often."""
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        """The names that came with a value."""
        return iter(self._values)

    def refuse_repeated(self) -> None:
        """Raises `OAuthRefusal` if any parameter came more than once."""
        if any(count > 1 for count in self._counts.values()):
            raise OAuthRefusal(OAuthError.INVALID_REQUEST, "a parameter is repeated")
