"""One HTML file that a person leafs through: the totals, then each error of the opened halves beside its place on the page.

Self-contained: pictures are embedded, nothing is fetched, and the page may run no script but its own. All that comes from documents is
escaped. Pages are drawn in the sandbox, through the view in which they were read, because boxes refer to that.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

import cv2
import numpy as np

from app.adapters.sandbox import ForkSandbox
from app.domain.document import BoundingBox, Document
from app.errors import Refused, Unprocessable
from tests.accuracy.measured import Measured
from tests.accuracy.scoring import LINES
from tests.accuracy.shown import Shown, Spot, errors_of
from tests.accuracy.tables import Table, all_tables

DPI = 120
LONGEST = 1500  # pixels of a picture's longer side
QUALITY = 50  # of JPEG
ACROSS, DOWN = 0.55, 0.14  # of the page: at least so much is seen around a place
MOST_OF_A_SET = 400  # errors: a browser should still like the file
NEAR = 0.3  # of the page's height: two places within are seen together

Key = tuple[str, str, int]
"""Set, document, page."""


class _Picture:
    """A page as JPEG, its size in pixels, and its name in the HTML."""

    def __init__(self, name: str, png: bytes) -> None:
        pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
        assert pixels is not None
        scale = min(1.0, LONGEST / max(pixels.shape[:2]))
        if scale < 1:
            pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        self.name = name
        self.height, self.width = pixels.shape[:2]
        self.jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()

    def defined(self) -> str:
        data = base64.b64encode(self.jpeg).decode()
        return f'<image id="{self.name}" width="{self.width}" height="{self.height}" href="data:image/jpeg;base64,{data}"/>'


def write_pages(measured: Measured, out: Path) -> None:
    """`out`: the file. Its folder is made."""
    errors: list[Shown] = []
    found: Counter[str] = Counter()
    for error in errors_of(measured):
        found[error.set] += 1
        if found[error.set] <= MOST_OF_A_SET:
            errors.append(error)
    more = {name: count - MOST_OF_A_SET for name, count in found.items() if count > MOST_OF_A_SET}
    documents = {(name, each): read.document for name, (reads, _) in measured.of.items() for each, read in reads.items() if read.document}
    pictures = asyncio.run(_pictures(errors, documents))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("".join(_html(errors, more, pictures, list(all_tables(measured)))), "utf-8")


def _pages_of(error: Shown) -> list[int]:
    return list(dict.fromkeys(spot.page for spot in (*error.said_at, *error.truth_at))) or [1]


async def _pictures(errors: Sequence[Shown], documents: dict[tuple[str, str], Document]) -> dict[Key, _Picture]:
    """Each page that an error refers to, once. A page that cannot be drawn is left out."""
    pictures: dict[Key, _Picture] = {}
    async with ForkSandbox.open(1) as sandbox:
        for error in errors:
            for page in _pages_of(error):
                key = (error.set, error.document.name, page)
                if key in pictures:
                    continue
                document = documents.get(key[:2])
                views = {known.number: known.view for known in document.pages} if document else {}
                try:
                    with error.document.path.open("rb") as content:
                        png = await sandbox.render(content, page, DPI, views.get(page))
                except (Unprocessable, Refused):
                    continue
                pictures[key] = _Picture(f"page{len(pictures)}", png)
    return pictures


def _html(errors: Sequence[Shown], more: Mapping[str, int], pictures: Mapping[Key, _Picture], tables: Iterable[Table]) -> Iterator[str]:
    """`more`: of each set, how many errors are not shown."""
    here = Path(__file__).parent
    script, style = (here / "leafing.js").read_text("utf-8"), (here / "leafing.css").read_text("utf-8")
    proof = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{proof}'"
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>What was read wrongly</title>'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield f'<meta name="viewport" content="width=device-width"><style>{style}</style></head><body>'
    yield "<header><h1>What was read wrongly, in the opened halves</h1>"
    yield _filter("set", Counter(error.set for error in errors))
    yield _filter("field", Counter(error.field for error in errors))
    yield _filter("kind", Counter(error.kind for error in errors))
    yield _filter("passed", Counter("passed" if error.passed else "a person looks" for error in errors))
    yield '<span><button id="previous">Previous</button> <span id="count"></span> <button id="next">Next</button></span>'
    yield "<span><kbd>←</kbd> <kbd>→</kbd> leaf <kbd>n</kbd> next document <kbd>Home</kbd> totals</span></header>"
    yield '<nav aria-label="Errors"><a href="#totals">Totals</a>'
    for n, error in enumerate(errors):
        yield f'<a href="#e{n}">{escape(error.field)} <small>{escape(error.document.name)}</small></a>'
    yield '<p id="none" hidden>Nothing is left.</p></nav><main><section id="totals">'
    yield "<p>Of the unopened halves there are totals and nothing else.</p>"
    for name, count in more.items():
        yield f"<p>Of {escape(name)} the first {MOST_OF_A_SET} errors are shown, {count} more are not.</p>"
    for table in tables:
        yield _table(table)
    yield "</section>"
    for n, error in enumerate(errors):
        yield from _section(n, error, pictures)
    yield '</main><svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>'
    for picture in pictures.values():
        yield picture.defined()
    yield f"</defs></svg><script>{script}</script></body></html>"


def _filter(name: str, counts: Counter[str]) -> str:
    options = "".join(f'<option value="{escape(value)}">{escape(value)} ({n})</option>' for value, n in sorted(counts.items()))
    return f'<label>{name} <select name="{name}"><option value="">all</option>{options}</select></label>'


def _table(table: Table) -> str:
    kinds = ["" if text else ' class="number"' for text in table.texts]
    head = "".join(f"<th{kind}>{escape(cell)}</th>" for cell, kind in zip(table.columns, kinds, strict=True))
    rows = (
        "".join(
            f'<td class="{cell}">{cell}</td>' if cell in ("missed", "reached") else f"<td{kind}>{escape(cell)}</td>"
            for cell, kind in zip(row, kinds, strict=True)
        )
        for row in table.rows
    )
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<h2>{escape(table.title)}</h2><div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _section(n: int, error: Shown, pictures: Mapping[Key, _Picture]) -> Iterator[str]:
    passed = "passed" if error.passed else "a person looks"
    data = {"set": error.set, "field": error.field, "kind": error.kind, "passed": passed, "document": f"{error.set}/{error.document.name}"}
    yield f'<section id="e{n}" hidden ' + " ".join(f'data-{name}="{escape(value)}"' for name, value in data.items()) + ">"
    yield f'<h2>{escape(error.field)} <span class="of">{escape(error.set)} / {escape(error.document.name)}</span>'
    yield ' <span class="passed">taken without a person</span>' if error.passed else ""
    sure = "" if error.confidence is None else f", confidence {error.confidence:.2f}"
    yield f"</h2><dl>{_value('said', f'the product says{sure}', error.said, error.field)}"
    yield f"{_value('truth', 'the truth', error.truth, error.field)}</dl>"
    yield '<div class="sight"><div>'
    for caption, page, focus in _crops(error):
        if picture := pictures.get((error.set, error.document.name, page)):
            yield f"<figure><figcaption>{caption}</figcaption>{_view(picture, error, page, focus)}</figure>"
    yield from _candidates(error)
    yield "</div><div>"
    for page in _pages_of(error):
        if picture := pictures.get((error.set, error.document.name, page)):
            yield f"<figure><figcaption>page {page}</figcaption>{_view(picture, error, page, None)}</figure>"
    yield "</div></div></section>"


def _value(side: str, title: str, value: str, field: str) -> str:
    kind = "nothing" if not value else "lines" if field == LINES else ""
    return f'<div class="{side}"><dt>{title}</dt><dd class="{kind}">{escape(value) or "nothing"}</dd></div>'


def _crops(error: Shown) -> Iterator[tuple[str, int, BoundingBox]]:
    """What is looked at closely: where the value was read and where the truth stands, together if they are near."""
    for page in _pages_of(error):
        said, truth = ([spot.box for spot in spots if spot.page == page] for spots in (error.said_at, error.truth_at))
        if not said and not truth:
            continue
        whole = BoundingBox.around([*said, *truth])
        if said and truth and (whole.y1 - whole.y0 <= NEAR or error.field == LINES):
            yield f"page {page}: read in the red box, the truth stands in the green one", page, whole
            continue
        if said:
            yield f"page {page}: read here", page, BoundingBox.around(said)
        if truth:
            yield f"page {page}: the truth stands here", page, BoundingBox.around(truth)


def _view(picture: _Picture, error: Shown, page: int, focus: BoundingBox | None) -> str:
    x0, y0, x1, y1 = (0.0, 0.0, 1.0, 1.0) if focus is None else _around(focus)
    width, height = picture.width, picture.height
    box = f"{x0 * width:.1f} {y0 * height:.1f} {(x1 - x0) * width:.1f} {(y1 - y0) * height:.1f}"
    marks = "".join(
        f'<rect class="{side}" x="{spot.box.x0 * width - 2:.1f}" y="{spot.box.y0 * height - 2:.1f}" '
        f'width="{(spot.box.x1 - spot.box.x0) * width + 4:.1f}" height="{(spot.box.y1 - spot.box.y0) * height + 4:.1f}"/>'
        for side, spots in (("truth", error.truth_at), ("said", error.said_at))
        for spot in _on(spots, page)
    )
    told = "the whole page" if focus is None else "a part of the page"
    return f'<svg class="view" role="img" aria-label="{told}" viewBox="{box}"><use href="#{picture.name}"/>{marks}</svg>'


def _on(spots: Iterable[Spot], page: int) -> Iterator[Spot]:
    return (spot for spot in spots if spot.page == page)


def _around(box: BoundingBox) -> tuple[float, float, float, float]:
    """The box with what stands around it, within the page."""
    x0, x1 = _widened(box.x0, box.x1, ACROSS)
    y0, y1 = _widened(box.y0, box.y1, DOWN)
    return x0, y0, x1, y1


def _widened(first: float, end: float, least: float) -> tuple[float, float]:
    length = min(1.0, max(least, end - first + 0.05))
    start = min(max(0.0, (first + end - length) / 2), 1.0 - length)
    return start, start + length


def _candidates(error: Shown) -> Iterator[str]:
    if not error.candidates:
        return
    yield '<div class="scroll"><table><thead><tr><th>could be</th><th>page</th><th>its labels</th><th>they say</th></tr></thead><tbody>'
    for candidate in error.candidates:
        kind = "is-truth" if candidate.value == error.truth else "is-said" if candidate.value == error.said else ""
        cells = (candidate.value, str(candidate.page), candidate.labels, candidate.meanings)
        yield f'<tr class="{kind}">' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
    yield "</tbody></table></div>"
