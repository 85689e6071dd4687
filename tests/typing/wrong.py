"""What a type checker has to find: each line that is marked is wrong."""

from firsthand import Choices, Desk

desk = Desk("Acme")


@desk.action("a", who="support")
def a(amount: int) -> str:
    return str(amount)


a("x")  # wrong
a(1).nothing()  # wrong
desk.run(a, {"amount": 1})  # wrong
desk.run(a, by="priya").value.upper()  # wrong
desk.run(5, by="priya")  # wrong
desk.run(a, by="priya", nothing=1)  # wrong
desk.action("b", who=5)  # wrong
Choices(5)  # wrong
