"""The service: its routes, and its support desk under `/support`."""

import os

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel
from starlette.middleware.sessions import SessionMiddleware

from firsthand.integrations.fastapi import mount
from service import users
from service.models import Subscription
from service.support import cancel, desk
from service.users import CurrentUser, Database, current_user

app = FastAPI(title="Morning")
app.add_middleware(SessionMiddleware, secret_key=os.environ["SECRET_KEY"], same_site="lax")
app.include_router(users.router)
mount(app, desk, "/support", identify=current_user, id=lambda user: user.email, sign_in_url="/login")


class Paper(BaseModel):
    """A subscription, as the service tells of it."""

    id: int
    plan: str
    cancelled: bool


@app.get("/subscriptions/{id}")
def subscription(id: int, session: Database, user: CurrentUser) -> Paper:
    """Return a subscription."""
    found = session.get(Subscription, id)
    if found is None:
        raise HTTPException(404, f"There is no subscription {id}.")
    return Paper(id=found.id, plan=found.plan, cancelled=found.cancelled)


@app.post("/subscriptions/{id}/cancellation")
async def cancellation(id: int, user: CurrentUser) -> str:
    """Cancel a subscription: the same action as in the console, with the same rules and the same record."""
    run = await desk.arun(cancel, {"subscription": id}, by=user.email, reason="customer asked")
    if run.refusal:
        raise HTTPException(409, run.refusal.message)
    return run.raise_for_outcome().value or ""
