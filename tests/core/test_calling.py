import asyncio
import threading
import time
from contextvars import ContextVar

import pytest

from firsthand import Desk, Refused
from firsthand.core.calling import call, kept_loop, lent
from firsthand.core.errors import AuthorError
from firsthand.testing import trial


@pytest.fixture
def desk() -> Desk:
    return Desk("Acme", why=["asked"])


def test_sync_and_async_functions_are_called_alike():
    async def later(a: int, *, function: int) -> int:
        await asyncio.sleep(0)
        return a + function

    assert call(lambda a, function: a + function, 1, function=2) == call(later, 1, function=2) == 3


def test_refused_comes_out_as_it_is_and_anything_else_as_the_author_s_error():
    said, error = Refused("no"), KeyboardInterrupt()

    def refuse() -> None:
        raise said

    async def fail() -> None:
        raise error

    with pytest.raises(Refused) as refused:
        call(refuse)
    assert refused.value is said
    with pytest.raises(AuthorError) as failed:
        call(fail)
    assert failed.value.error is error


def test_async_functions_share_one_loop_so_that_a_lock_of_the_author_s_works_in_two_runs(desk):
    lock, loops, order = asyncio.Lock(), set(), []

    @desk.action("act", who="support")
    async def act(name: str) -> None:
        async with lock:
            loops.add(asyncio.get_running_loop())
            order.append(f"{name} in")
            await asyncio.sleep(0.01)
            order.append(f"{name} out")

    with trial(desk, priya="support") as t:
        runs = []
        threads = [
            threading.Thread(target=lambda n=n: runs.append(t.run(act, {"name": n}, by="priya", reason="asked")))
            for n in ("a", "b", "c")
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert [run.outcome for run in runs] == ["succeeded"] * 3
    assert loops == {kept_loop()}
    assert [each.split()[1] for each in order] == ["in", "out"] * 3


def test_what_raises_on_the_kept_loop_does_not_stop_it(desk):
    @desk.action("act", who="support")
    async def act(how: str) -> str:
        if how:
            raise {"exit": SystemExit(3), "interrupt": KeyboardInterrupt(), "cancel": asyncio.CancelledError()}[how]
        return "done"

    with trial(desk, priya="support") as t:
        for how in ("exit", "interrupt", "cancel"):
            assert t.run(act, {"how": how}, by="priya", reason="asked").outcome == "failed"
        assert t.run(act, {"how": ""}, by="priya", reason="asked").value == "done"


def test_while_a_host_lends_its_loop_async_functions_run_there_whichever_thread_calls_them():
    async def where() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    async def host() -> None:
        with lent(asyncio.get_running_loop()):
            assert await asyncio.to_thread(call, where) is asyncio.get_running_loop()
        assert await asyncio.to_thread(call, where) is kept_loop()

    asyncio.run(host())


def test_arun_performs_on_the_host_s_loop_without_holding_it_up(desk):
    ticks, loops = [], []

    @desk.action("act", who="support")
    async def act() -> str:
        loops.append(asyncio.get_running_loop())
        return "async"

    @desk.action("slow", who="support")
    def slow() -> str:
        time.sleep(0.1)
        return "sync"

    async def tick() -> None:
        while True:
            ticks.append(1)
            await asyncio.sleep(0.01)

    async def host(t) -> list[str]:
        ticking = asyncio.create_task(tick())
        runs = [await t.arun(each, by="priya", reason="asked") for each in (act, slow)]
        ticking.cancel()
        assert loops == [asyncio.get_running_loop()]
        return [run.value for run in runs]

    with trial(desk, priya="support") as t:
        assert asyncio.run(host(t)) == ["async", "sync"]
        assert len(ticks) > 3
        assert asyncio.run(host_again(t, act)) == "async"
        assert t.run(act, by="priya", reason="asked").value == "async"
    assert loops[-1] is kept_loop()


async def host_again(t, act) -> str:
    runs = await asyncio.gather(*(t.arun(act, by="priya", reason="asked") for _ in range(5)))
    return {run.value for run in runs}.pop()


def test_an_action_may_run_another(desk):
    @desk.action("inner", who="support")
    async def inner() -> str:
        return "inner"

    @desk.action("outer", who="support")
    def outer() -> str:
        return desk.run(inner, by="priya", reason="asked").value

    @desk.action("outer.async", who="support")
    async def outer_async() -> str:
        return (await desk.arun(inner, by="priya", reason="asked")).value

    with trial(desk, priya="support") as t:
        assert t.run(outer, by="priya", reason="asked").value == "inner"
        assert t.run(outer_async, by="priya", reason="asked").value == "inner"


def test_an_async_action_that_would_wait_for_its_own_loop_fails_rather_than_hangs(desk):
    @desk.action("inner", who="support")
    async def inner() -> str:
        return "inner"

    @desk.action("outer", who="support")
    async def outer() -> str:
        run = desk.run(inner, by="priya", reason="asked")
        return f"{run.outcome}: {run.error.message}"

    with trial(desk, priya="support") as t:
        assert "await desk.arun" in t.run(outer, by="priya", reason="asked").value


CUSTOMER: ContextVar[str] = ContextVar("customer", default="nobody")


def test_context_variables_reach_async_functions(desk):
    @desk.action("act", who="support")
    async def act() -> str:
        return CUSTOMER.get()

    with trial(desk, priya="support") as t:
        CUSTOMER.set("luis")
        assert t.run(act, by="priya", reason="asked").value == "luis"


def test_a_nested_run_s_refusal_is_an_outcome_and_raises_only_when_told_to(desk):
    @desk.action("inner", who="lead")
    def inner() -> None: ...

    @desk.action("outer", who="support")
    def outer() -> None:
        desk.run(inner, by="priya", reason="asked").raise_for_outcome()

    with trial(desk, priya="support") as t:
        run = t.run(outer, by="priya", reason="asked")
        assert (run.outcome, run.error.type) == ("failed", "OutcomeError")
