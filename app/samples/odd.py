"""Files that are no proper invoice: cut off, locked, or something else altogether."""

from __future__ import annotations

import hashlib
import re

from app.samples.canvas import BLACK, WIDTH, Sheet, assemble, save, wrap

PASSWORD = "only the buyer knows"
"""Opens `locked` files."""

_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def cut_off(pdf: bytes) -> bytes:
    """What is left when a download of `pdf` breaks off after two thirds, had its writer put the page tree last, as most do."""
    objects = re.findall(rb"^\d+ 0 obj\n.*?\nendobj\n", pdf, flags=re.DOTALL | re.MULTILINE)
    body = b"".join(reversed(objects))
    return b"%PDF-1.7\n" + body[: len(body) * 2 // 3]


def locked(pdf: bytes) -> bytes:
    """The same PDF under a user password, by PDF 1.7's standard handler, revision 2 (ISO 32000-1, 7.6.3: algorithms 1 to 4).

    The oldest and weakest, but no random number is in it: the same bytes each time. The file must hold no strings but its ID.
    """
    identity = re.search(rb"/ID ?\[<([0-9A-Fa-f]+)>", pdf)
    assert identity
    owner = _rc4(hashlib.md5(_padded("owner"), usedforsecurity=False).digest()[:5], _padded(PASSWORD))
    permissions = (-4).to_bytes(4, "little", signed=True)
    secret = _padded(PASSWORD) + owner + permissions + bytes.fromhex(identity[1].decode())
    key = hashlib.md5(secret, usedforsecurity=False).digest()[:5]
    user = _rc4(key, _PADDING)

    def encrypted(found: re.Match[bytes]) -> bytes:
        salt = int(found[2]).to_bytes(3, "little") + b"\0\0"
        return found[1] + _rc4(hashlib.md5(key + salt, usedforsecurity=False).digest()[:10], found[3]) + found[4]

    body = re.sub(rb"((\d+) 0 obj\n<<[^\n]*>>\nstream\n)(.*?)(\nendstream)", encrypted, pdf, flags=re.DOTALL)
    handler = f"/Encrypt<</Filter/Standard/V 1/R 2/Length 40/P -4/O<{owner.hex()}>/U<{user.hex()}>>>".encode()
    head, trailer, tail = body.rpartition(b"trailer\n<<")
    return head + trailer + handler + tail


def _padded(password: str) -> bytes:
    return (password.encode("latin-1") + _PADDING)[:32]


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 255
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for byte in data:
        i = (i + 1) & 255
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) & 255])
    return bytes(out)


_TERMS = """\
1. Scope
These terms apply to everything that we deliver to trade customers. Terms of the customer's do not become part of a
contract, even if we do not object to them.

2. Delivery
We deliver from our works, on pallets, to the kerb of the address agreed. Dates are estimates unless we have confirmed
them as firm in writing. We may deliver in parts where that is reasonable. Someone must be there to sign; a second run
is charged at cost.

3. Passing of risk
The risk passes to the customer when the goods are handed to the carrier. On request, and at the customer's expense, we
insure the carriage.

4. Inspection
Goods must be inspected on arrival. Damage that can be seen must be noted on the carrier's slip; anything else must be
reported to us within five working days, in writing and with a photograph.

5. Returns
Goods that are as they should be are taken back only by agreement, clean, unused and in the original packing. Made-to-measure
goods are never taken back.

6. Packing
Euro pallets are exchanged. Where none are handed back, we bring them to account at the current price. Other packing is
the customer's to dispose of.

7. Force majeure
While a strike, a closed road, a shortage of power or the like keeps either side from performing, its duties rest. If
that lasts longer than eight weeks, either side may withdraw.

8. Place of performance
The place of performance is the seat of our works. The law of the land where our works stand applies.
"""


def delivery_terms() -> bytes:
    """A page of general terms of delivery: a business paper, but nobody asks for money."""
    sheet = Sheet()
    sheet.text(60, 66, "Ferrow Stoneworks", "tibo", 16, color=(0.35, 0.27, 0.2))
    sheet.text(WIDTH - 60, 66, "Edition of January 2026", "tiit", 9.5, align="right")
    sheet.rule(60, 76, WIDTH - 60, 76, color=BLACK)
    sheet.text(60, 112, "General Terms of Delivery", "tibo", 20)
    y = 142.0
    for clause in _TERMS.split("\n\n"):
        heading, text = clause.split("\n", 1)
        sheet.text(60, y, heading, "tibo", 11)
        y = sheet.column(60, y + 15, wrap(" ".join(text.split()), "tiro", 10.5, WIDTH - 120), "tiro", 10.5) + 8
    sheet.text(WIDTH / 2, 800, "Ferrow Stoneworks · Quarry Lane · Upper Ferrow", "tiit", 9, align="center")
    return save(assemble([sheet], title="General Terms of Delivery", author="Ferrow Stoneworks"))
