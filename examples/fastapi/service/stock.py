"""`python -m service.stock`: the tables, three people of the staff, and a few customers."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from sqlalchemy.orm import Session

from service.database import engine
from service.models import Base, Customer, Invoice, Subscription, User, UserRole
from service.users import hasher

MARKER = Path(__file__).with_name("marker.sql")
"""What `firsthand db marker postgresql` prints: the table by which effects and outcomes are one commit."""


def stock() -> None:
    """Make all, where there is nothing yet."""
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.connection().exec_driver_sql(MARKER.read_text())
        for name, roles in (("Priya", ["support"]), ("Lena", ["support", "lead"]), ("Tom", [])):
            email = f"{name.lower()}@morning.example"
            session.add(User(email=email, name=name, password=hasher.hash("correct-horse")))
            session.add_all(UserRole(email=email, role=role) for role in roles)
        for name, country in (("Luis Gonçalves", "BR"), ("Mara Lund", "NO"), ("Ada Okoye", "NG")):
            reader = Customer(name=name, email=f"{name.split()[0].lower()}@example.com", country=country)
            session.add(Subscription(customer=reader, plan="daily", ends=date(2030, 12, 31)))
            session.add(Invoice(customer=reader, total=Decimal("79.00")))


if __name__ == "__main__":
    stock()
    print("There are three customers, and Priya, Lena and Tom, who sign in with correct-horse.")
