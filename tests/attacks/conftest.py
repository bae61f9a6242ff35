from tests.support.house import foundations, house
from tests.support.saml_door import web_door

__all__ = ["foundations", "house", "web_door"]
