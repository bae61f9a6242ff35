from tests.support.house import foundations, house
from tests.support.office import office, office_template
from tests.support.saml_door import web_door

__all__ = ["foundations", "house", "office", "office_template", "web_door"]
