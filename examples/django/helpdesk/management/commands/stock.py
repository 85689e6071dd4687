"""``manage.py stock``: a shop with books, customers, an order that is paid, and people who help."""

from decimal import Decimal

from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand
from django.db import transaction
from oscar.apps.partner.strategy import Selector
from oscar.apps.shipping.methods import Free
from oscar.core.loading import get_class, get_model

Basket = get_model("basket", "Basket")
Country = get_model("address", "Country")
Product = get_model("catalogue", "Product")

BOOKS = ["Middlemarch", "Emma", "Persuasion"]


class Command(BaseCommand):
    """Fill an empty shop."""

    help = "Fill an empty shop."

    @transaction.atomic
    def handle(self, *args, **options):
        """Add books, people, an order and two baskets."""
        books = [self.book(title) for title in BOOKS]
        luis = User.objects.create_user("luis", "luis@example.com", "correct-horse")
        User.objects.create_user("mara", "mara@example.com", "correct-horse", is_active=False)
        for name, groups in (("priya", ["support"]), ("lena", ["support", "lead"])):
            person = User.objects.create_user(name, f"{name}@example.com", "correct-horse", first_name=name.title())
            person.groups.set([Group.objects.get_or_create(name=each)[0] for each in groups])
        order = self.order(self.basket(luis, books[:2]), luis)
        source_type = get_model("payment", "SourceType").objects.create(name="Card")
        source = order.sources.create(source_type=source_type, currency=order.currency)
        source.allocate(order.total_incl_tax)
        source.debit(order.total_incl_tax)
        for each in books[1:]:
            self.basket(luis, [each])
        self.stdout.write(f"There are {len(books)} books, order {order.number} of Luis, and Priya and Lena who help.")

    def book(self, title):
        """Add a book."""
        kind = get_model("catalogue", "ProductClass").objects.get_or_create(name="Book")[0]
        partner = get_model("partner", "Partner").objects.get_or_create(name="Warehouse")[0]
        book = Product.objects.create(title=title, product_class=kind)
        book.stockrecords.create(
            partner=partner, partner_sku=title, price_currency="GBP", price=Decimal("12.50"), num_in_stock=20
        )
        return book

    def basket(self, owner, books):
        """Add a basket."""
        basket = Basket.objects.create(owner=owner)
        basket.strategy = Selector().strategy(user=owner)
        for each in books:
            basket.add_product(each)
        return basket

    def order(self, basket, user):
        """Have a basket ordered."""
        country = Country.objects.create(iso_3166_1_a2="GB", printable_name="United Kingdom", is_shipping_country=True)
        to = {"first_name": "Luis", "last_name": "Vega", "line1": "1 High Street", "line4": "Leeds", "country": country}
        address = get_model("order", "ShippingAddress").objects.create(postcode="LS1 1AA", **to)
        method, surcharges = Free(), get_class("checkout.applicator", "SurchargeApplicator")()
        charge = method.calculate(basket)
        extra = surcharges.get_applicable_surcharges(basket)
        total = get_class("checkout.calculators", "OrderTotalCalculator")().calculate(basket, charge, extra)
        order = get_class("order.utils", "OrderCreator")().place_order(
            basket=basket, total=total, shipping_method=method, shipping_charge=charge, user=user,
            shipping_address=address, surcharges=extra,
        )  # fmt: skip
        basket.set_as_submitted()
        return order
