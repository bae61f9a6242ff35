from tests.support.house import SampleHouse

def test_x(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    page = house.log_in(browser, house.ministry, card)
    print(house.ministry.read(page))
    page = house.log_in(browser, house.shop, card)
    print(house.shop.claims(page))
    print(house.events())
    assert 0
