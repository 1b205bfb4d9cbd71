"""The error tree. The class decides what the pipeline and the API do; `reason` is a stable code.

    InvoiceStreamError
    ├── Unprocessable      the document is at fault        pipeline: quarantine      API: 202, then `reason`
    ├── Unavailable        a dependency is at fault        pipeline: retry, requeue  API: 503
    │   └── DeadlineExceeded   it did not answer in time
    ├── Conflict           another version won             pipeline: drop            API: 409 or 412
    ├── Refused            the caller is at fault          (never in the pipeline)   API: 4xx
    └── Misconfigured      the operator is at fault        exits at start-up with the message

Anything else that reaches the runner is a bug: logged with its traceback, the attempt counted, dead-lettered after the limit.
"""

from __future__ import annotations

from app.domain.record import Reason


class InvoiceStreamError(Exception):
    """Root of everything that this project raises on purpose."""


class Unprocessable(InvoiceStreamError):
    """The document can never be processed as it is. `detail` is for people and holds no text of the document."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason: Reason = reason
        self.detail = detail


class Unavailable(InvoiceStreamError):
    """A dependency (`sql`, `blobs`, `broker`, `documents`, `sandbox` ...) cannot serve now; the same call may work later."""

    def __init__(self, dependency: str, detail: str = "") -> None:
        super().__init__(f"{dependency}: {detail}" if detail else dependency)
        self.dependency = dependency
        self.detail = detail


class DeadlineExceeded(Unavailable):
    """No answer within the deadline; whether the call took effect is unknown."""


class Conflict(InvoiceStreamError):
    """A compare-and-set found another version than the caller's: nothing was written."""


class Refused(InvoiceStreamError):
    """The caller asked for something that is not allowed. `code` becomes the problem type, `status` the HTTP status.

    `retry_after`: seconds after which it may be allowed."""

    def __init__(self, status: int, code: str, detail: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


class Misconfigured(InvoiceStreamError):
    """The settings cannot work; the message says which and what to do."""
