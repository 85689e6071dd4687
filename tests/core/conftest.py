import pytest

from .shop import Shop


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def desk(shop: Shop):
    return shop.desk
