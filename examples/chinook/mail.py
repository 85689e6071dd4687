"""The shop's mailer."""

from models import Mail
from sqlalchemy.orm import Session


async def send(session: Session, to: str, title: str, text: str) -> None:
    """Put a message where it waits to be sent; a real mailer would await its server here."""
    session.add(Mail(to=to, title=title, text=text))
