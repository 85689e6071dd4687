"""Whether every action keeps what it promises, each rule in a test of its own: `python manage.py test`."""

from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.test import TestCase

from firsthand.integrations.django import desk
from firsthand.testing import Conformance, Example
from helpdesk.support import Basket, Order, Source, merge, refund


class Stocked(TestCase):
    """The shop as `stock` fills it."""

    @classmethod
    def setUpTestData(cls) -> None:
        """Fill it."""
        call_command("stock", verbosity=0)


def rows() -> list[object]:
    """Return what the actions change."""
    models = (Basket, Order, Source, User)
    return [*(list(model.objects.order_by("pk").values_list()) for model in models), len(mail.outbox)]


def open_baskets() -> dict[str, object]:
    """Return two open baskets of one customer."""
    first, second = Basket.objects.filter(status=Basket.OPEN).order_by("pk")
    return {"basket": first.pk, "other": second.pk}


Conforms = Conformance(
    desk,
    examples={merge: open_baskets, refund: Example({"amount": 20})},
    effect=rows,
).case(Stocked)
