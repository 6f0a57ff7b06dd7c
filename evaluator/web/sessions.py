"""What is remembered of a visitor, in memory and for a while: attempts of a self-check, batches, a token for forms."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from evaluator.domain import Result
from evaluator.web.batches import Batch
from evaluator.web.worker import BusyError

IDLE_SECONDS = 60 * 60
"""A session that nobody uses for so long is forgotten, with everything in it."""

MAX_SESSIONS = 500
MAX_ATTEMPTS = 20
"""Attempts kept for one question; the oldest goes first."""

MAX_BATCHES = 3
"""Batches kept for one session; a fourth needs one to be deleted."""

MAX_BATCHES_OF_ALL = 40
"""Batches kept for all sessions together: at the largest upload each, 800 MB."""


@dataclass(slots=True, eq=False)
class Session:
    """One visitor, known by a random cookie."""

    id: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    """In every form of this session: a form of another site does not know it."""
    attempts: dict[str, list[Result]] = field(default_factory=dict)
    """By question id, oldest first."""
    batches: dict[str, Batch] = field(default_factory=dict)
    """By batch id."""
    last_seen: float = 0.0
    """Seconds of the clock of the store."""

    def accepts(self, form_token: object) -> bool:
        """Return whether a form was made for this session."""
        return isinstance(form_token, str) and hmac.compare_digest(form_token.encode(), self.form_token.encode())

    def add_attempt(self, result: Result) -> None:
        """Remember an attempt at the question of ``result``."""
        own = self.attempts.setdefault(result.answer.question_id, [])
        own.append(result)
        del own[:-MAX_ATTEMPTS]

    def forget(self) -> None:
        """Delete everything that the visitor wrote or uploaded."""
        self.attempts.clear()
        for batch in self.batches.values():
            batch.delete()
        self.batches.clear()

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be lost with it."""
        return not self.attempts and not self.batches

    @property
    def is_working(self) -> bool:
        """Whether a batch of it is being scored."""
        return any(batch.state == "scoring" for batch in self.batches.values())


class Sessions:
    """The sessions of one server."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with none."""
        self._clock = clock
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def have_room(self) -> bool:
        """Whether one more batch may be kept."""
        self.sweep()
        return sum(len(session.batches) for session in self._sessions.values()) < MAX_BATCHES_OF_ALL

    def find(self, session_id: str | None) -> Session | None:
        """Return the session of that cookie and note that it was seen, or None where there is none (any more)."""
        self.sweep()
        session = self._sessions.get(session_id or "")
        if session is not None:
            self.touch(session)
        return session

    def touch(self, session: Session) -> None:
        """Note that a session is in use."""
        session.last_seen = self._clock()

    def start(self) -> Session:
        """Return a new session.

        Raises:
            BusyError: there are too many, and all of them hold something.
        """
        if len(self._sessions) >= MAX_SESSIONS:
            empty = min((s for s in self._sessions.values() if s.is_empty), key=lambda s: s.last_seen, default=None)
            if empty is None:
                raise BusyError("Too many people use this page at this moment. Try again in an hour.")
            del self._sessions[empty.id]
        session = Session(last_seen=self._clock())
        self._sessions[session.id] = session
        return session

    def sweep(self) -> None:
        """Forget sessions that nobody has used for a while."""
        oldest = self._clock() - IDLE_SECONDS
        for session in [s for s in self._sessions.values() if s.last_seen < oldest and not s.is_working]:
            session.forget()
            del self._sessions[session.id]

    def close(self) -> None:
        """Forget all of them."""
        for session in self._sessions.values():
            session.forget()
        self._sessions.clear()
