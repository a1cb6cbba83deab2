"""Work that is done beside a game, on a thread of its own, so that nobody who plays waits for it."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Worker"]


class Worker:
    """Does one piece of work when it is asked for: never twice at once, and once for several that ask in a short time.

    Parameters
    ----------
    work
        A method; it is not called any more when its object is gone. It handles its own errors.
    delay
        Seconds to wait for others who ask.
    """

    def __init__(self, work: Callable[[], None], delay: float = 0.3) -> None:
        self._work: weakref.WeakMethod[Callable[[], None]] = weakref.WeakMethod(work)
        self._delay = delay
        self._changed = threading.Condition()
        self._asked = self._busy = self._stopped = False

    def ask(self) -> None:
        """Have the work done soon; once more if it is being done."""
        with self._changed:
            if self._stopped:
                return
            self._asked = True
            if not self._busy:
                self._busy = True
                threading.Thread(target=self._run, name="inv-widgets labels", daemon=True).start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all that was asked for is done; False where that took longer than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy, timeout)

    def stop(self) -> None:
        """Do nothing more; what is being done is not waited for."""
        with self._changed:
            self._stopped = True
            self._asked = False
            self._changed.notify_all()

    def _run(self) -> None:
        try:
            while self._next():
                work: Any = self._work()
                if work is not None:
                    work()
                del work
        except BaseException:
            with self._changed:
                self._end()
            raise

    def _next(self) -> bool:
        """Wait for others who ask; tell whether there is something to do."""
        with self._changed:
            if self._asked:
                self._changed.wait_for(lambda: self._stopped, self._delay)
            if not self._asked:
                self._end()
                return False
            self._asked = False
            return True

    def _end(self) -> None:
        self._busy = False
        self._changed.notify_all()
