"""What a service provider may be told beside the subject's name, whatever the protocol calls it."""

from enum import StrEnum


class AttributeName(StrEnum):
    """A kind of statement. None of them is about the person but SUBJECT, and that one joins nothing across sectors."""

    SUBJECT = "subject"
    """The citizen's lasting identifier of the site's sector."""
    CONTEXT = "context"
    """How the citizen logged in."""
    CERTIFICATE_CHECK = "certificate_check"
    """How fresh the check of the card's certificate is."""
    SECTOR = "sector"
    """The code of the sector for which the identifier holds."""


ABOUT_THE_LOGIN = (AttributeName.CONTEXT, AttributeName.CERTIFICATE_CHECK)
"""What every site may be told of a login."""
