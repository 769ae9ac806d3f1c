"""Who renders the sandbox's operations in this process: one at a time, each in a worker process of its own."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from playground.emulator._sandbox_operations import Operations
from playground.emulator._sandbox_records import End, Operation, Order, Problem, State
from playground.emulator._sandbox_work import STOPPED, Tell, Workers, stop

_log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 0.25
"""Between two looks whether another process has ended what is rendered here; between two written states."""
_RENDER_LIMIT_SECONDS: Final = 1_800


class Renderer:
    """Renders whatever it is asked to see to and nobody else has in hand."""

    def __init__(
        self, operations: Operations, workers: Workers, clock: Callable[[], datetime], slow: timedelta
    ) -> None:
        self._operations = operations
        self._workers = workers
        self._clock = clock
        self._slow = slow
        self._gate = asyncio.Semaphore(1)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._closing = False
        self.troubles: dict[str, str] = {}
        """Why an operation does not go on here, by its id; it is begun anew whenever somebody asks for it."""

    def see_to(self, operation_id: str) -> None:
        """Make sure that somebody works on this operation; returns at once."""
        if self._closing or operation_id in self._tasks:
            return
        task = asyncio.create_task(self._run(operation_id), name=f"sandbox {operation_id}")
        self._tasks[operation_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(operation_id, None))

    async def aclose(self) -> None:
        """End the workers and wait for them. What was not finished is taken up by the next process that is asked."""
        self._closing = True
        await stop(*self._tasks.values())
        await self._workers.aclose()

    async def _run(self, operation_id: str) -> None:
        lock = self._operations.lock(operation_id)
        try:
            if not await asyncio.to_thread(lock.take):
                return
            operation = await asyncio.to_thread(self._operations.read, operation_id, self._clock())
            if operation is None:
                return
            if operation.end is None:
                await self._finish(operation)
            await asyncio.to_thread(self._operations.tidy, operation.order)
            self.troubles.pop(operation_id, None)
        except FileNotFoundError:
            _log.debug("sandbox operation %s was swept", operation_id)
        except OSError as error:
            self.troubles[operation_id] = f"The sandbox cannot work on it: {error.strerror}."
            _log.warning("sandbox operation %s broke off, and is begun anew: %s", operation_id, error.strerror)
        except Exception:
            # Not ended: the next question about it starts it anew.
            _log.exception("sandbox operation %s broke off", operation_id)
        finally:
            lock.release()

    async def _finish(self, operation: Operation) -> None:
        """Perform until it ends, or until somebody (perhaps in another process) cancels it."""
        performing = asyncio.create_task(self._perform(operation))
        watching = asyncio.create_task(self._until_ended(operation.order.id))
        try:
            await asyncio.wait({performing, watching}, return_when=asyncio.FIRST_COMPLETED)
            if performing.done():
                await asyncio.to_thread(self._operations.finish, operation.order.id, _end_of(performing))
        finally:
            await stop(performing, watching)

    async def _until_ended(self, operation_id: str) -> None:
        # The end may be written by another process: there is no event to wait for.
        while await asyncio.to_thread(self._operations.end_of, operation_id) is None:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)

    async def _perform(self, operation: Operation) -> End:
        order = operation.order
        match order.rehearsal:
            case "filtered":
                return End(status="succeeded", filtered=order.videos)
            case "fails":
                return End(status="failed", error=Problem(code="internal", message="The sandbox plays a failed run."))
            case "done-without-video":
                return End(status="succeeded")
            case _:
                pass
        async with self._gate:
            problem = await self._render_all(operation)
        if problem is not None:
            return End(status="failed", error=problem)
        if order.rehearsal == "slow":
            await self._wait_until(order.accepted_at + self._slow)
        return End(status="succeeded", videos=order.videos)

    async def _wait_until(self, moment: datetime) -> None:
        while (left := (moment - self._clock()).total_seconds()) > 0:  # noqa: ASYNC110 - our clock is the given one
            await asyncio.sleep(min(left, _LOOK_SECONDS))

    async def _render_all(self, operation: Operation) -> Problem | None:
        order = operation.order
        teller = _Teller(self._operations, operation)
        await teller.tell(0.0)
        for number in range(1, order.videos + 1):
            # A renderer that died half way may have left some.
            if await asyncio.to_thread(self._operations.video(order.id, number).exists):
                continue
            problem = await self._render(order, number, teller.of(number))
            if problem is not None:
                return problem
        return None

    async def _render(self, order: Order, number: int, tell: Tell) -> Problem | None:
        spec, output = await asyncio.to_thread(self._operations.prepare_work, order, number)
        try:
            async with asyncio.timeout(_RENDER_LIMIT_SECONDS):
                problem = await self._workers.work(spec, tell)
        except TimeoutError:
            return Problem(code="render_failed", message="Rendering took too long.")
        if problem is None and not await asyncio.to_thread(self._operations.publish, order.id, output):
            return STOPPED
        return problem


class _Teller:
    """Writes progress to disk, not too often and never backwards."""

    def __init__(self, operations: Operations, operation: Operation) -> None:
        self._operations = operations
        self._id = operation.order.id
        self._videos = operation.order.videos
        self._told = operation.state.progress
        self._next = 0.0

    async def tell(self, share: float) -> None:
        self._told = max(self._told, min(share, 1.0))
        now = asyncio.get_running_loop().time()
        if now < self._next:
            return
        # The start does not count: the first real progress is shown at once.
        self._next = now + _LOOK_SECONDS if share > 0 else now
        state = State(status="rendering", progress=round(self._told, 3))
        await asyncio.to_thread(self._operations.save_state, self._id, state)

    def of(self, number: int) -> Tell:
        """Tell the progress of one video as its part of the whole."""
        return lambda share: self.tell((number - 1 + share) / self._videos)


def _end_of(performing: asyncio.Task[End]) -> End:
    """The end that was reached. Raises FileNotFoundError where the operation was swept from under it."""
    try:
        return performing.result()
    except FileNotFoundError:
        raise
    except OSError as error:
        # A full disk: trying again at every question would never end.
        message = f"The sandbox could not work on it: {error.strerror}."
        return End(status="failed", error=Problem(code="render_failed", message=message))
