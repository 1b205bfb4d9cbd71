"""What may leave the process in a log line: plain values, without secrets, account numbers or control characters.

The text of an invoice is kept out by its callers and by the types: only str, numbers, dates and the like are shown; any other
object appears as its class name, so that an `Invoice` passed by mistake does not print itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import PurePath
from types import TracebackType
from typing import Any
from uuid import UUID

from app.errors import InvoiceStreamError

MASK = "[masked]"
MAX_TEXT = 4_000  # characters of one value: a line of a log is for reading
_SECRET_KEYS = frozenset(
    "authorization proxy_authorization cookie set_cookie ticket password secret api_key apikey key token iban payment_account".split()
)

# What must not be printed raw: C0, DEL and C1 (ANSI escapes, CR, LF), Unicode line breaks, direction overrides, lone surrogates.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_SECRET = re.compile(
    r"(?P<key>\bis_[A-Za-z0-9]+_[A-Za-z0-9_\-]+)"
    r"|(?P<credential>(?i:\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=\-]{8,})"
    r"|(?P<parameter>(?i:\b(?:ticket|authorization|api_?key|key|token|password|secret)\s*[=:]\s*)(?:(?i:bearer|basic)\s+)?[^\s&,;\"'}]+)"
    r"|(?P<password>(?<=://)[^\s/@:]*:[^\s/@]+(?=@))"
    r"|(?P<iban>(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ \-]?[A-Za-z0-9]{4}){2,7}(?:[ \-]?[A-Za-z0-9]{1,4})?(?![A-Za-z0-9]))"
)
# Exceptions whose message names a cause and never quotes a document. Any other's message is left out: its type and frames remain.
_TELLING = (InvoiceStreamError, ImportError, TimeoutError)
_MAX_FRAMES = 30
_MAX_CHAIN = 6


def clean_text(text: str) -> str:
    """The text on one line, at most `MAX_TEXT` long, secrets masked, control characters as visible escapes."""
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT] + "..."
    if len(text) >= 8:  # no secret is shorter
        text = _SECRET.sub(_masked, text)
    return text if text.isascii() and text.isprintable() else _CONTROL.sub(_escaped, text)


def clean_value(key: str, value: Any) -> Any:
    """The value as it may be printed under this key: str, int, float, bool, None, or lists and mappings of these."""
    if value is None or isinstance(value, bool | int | float):
        return value
    # The last part decides: "http.request.headers.authorization" is as secret as "authorization".
    if key.rpartition(".")[2].lower().replace("-", "_") in _SECRET_KEYS:
        return MASK
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, date | UUID | PurePath):
        return clean_text(str(value))
    if isinstance(value, Mapping):
        return {clean_text(str(name)): clean_value(str(name), part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean_value(key, part) for part in value]
    return f"<{type(value).__name__}>"


def told(error: BaseException) -> str:
    """The error's message if its class promises not to quote a document, else "". One line, cleaned."""
    if isinstance(error, OSError):  # its own words; str() would add file names
        return clean_text(f"[Errno {error.errno}] {error.strerror}" if error.errno else "")
    if isinstance(error, _TELLING):
        return clean_text(str(error))
    if type(error).__module__ == "sqlite3" and type(error).__name__ == "OperationalError":  # "database is locked", "no such table"
        return clean_text(str(error))
    return ""


def traced(error: BaseException) -> str:
    """The error, its frames (file, line, function: no source, no values) and what caused it, innermost last. Several lines."""
    lines: list[str] = []
    _trace(error, "", lines, set())
    return "\n".join(lines)


def type_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _trace(error: BaseException, prefix: str, lines: list[str], seen: set[int]) -> None:
    if id(error) in seen or len(seen) >= _MAX_CHAIN:
        return
    seen.add(id(error))
    message = told(error)
    lines.append(f"{prefix}{type_name(error)}: {message}" if message else f"{prefix}{type_name(error)}")
    lines.extend(_frames(error.__traceback__))
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            _trace(part, "together with ", lines, seen)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        _trace(cause, "caused by ", lines, seen)


def _frames(traceback: TracebackType | None) -> list[str]:
    frames: list[str] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        frames.append(f"  {code.co_filename}:{traceback.tb_lineno} in {code.co_qualname}")
        traceback = traceback.tb_next
    return frames[-_MAX_FRAMES:]


def _masked(match: re.Match[str]) -> str:
    kind, found = match.lastgroup, match.group()
    if kind == "iban":
        return MASK if _is_account(found) else found
    if kind == "credential":
        return f"{found.split()[0]} {MASK}"
    if kind == "parameter":
        name = re.split(r"[=:]", found, maxsplit=1)[0]
        return f"{found[: len(name) + 1]}{MASK}"
    return MASK


def _is_account(found: str) -> bool:
    """In capitals anything in an IBAN's form; in small letters, where hashes and ids look alike, only with a right check sum."""
    compact = found.replace(" ", "").replace("-", "")
    if len(compact) < 15:  # the shortest, Norway's
        return False
    if compact == compact.upper():
        return True
    turned = (compact[4:] + compact[:4]).upper()
    return int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape", "surrogatepass").decode("ascii")
