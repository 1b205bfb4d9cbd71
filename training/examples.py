"""Made-up invoices as examples: the words of their pages as the product reads them, what is true, and the family of their layout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

from app.readers.limits import Limits
from app.readers.pdf import read_pdf
from training.harmed import harmed
from training.invoices import Made, make
from training.invoices.camera import picture_of
from training.invoices.style import Side
from training.plainer import plainer
from training.truth import Example, Truth, labelled_truth, truth_of


def digital(documents: int, seed: int, families: Side, worse: int = 5) -> Iterator[Example]:
    """With a text layer; the same on any day. `worse`: one in so many is made worse, none if 0."""
    for index in range(documents):
        made = make(seed, index, families)
        example = Example(read_pdf(made.pdf, Limits()), _truth(made), made.family)
        yield harmed(example, f"{seed}/{index}") if worse and index % worse == 0 else example


def plain(documents: int, seed: int, families: Side) -> Iterator[Example]:
    """With a text layer, saying less than made-up ones do."""
    for index, example in enumerate(digital(documents, seed, families, worse=0)):
        yield plainer(example, f"{seed}/{index}")


def printed(folder: Path, *, held_out: bool) -> Iterator[Example]:
    """Look-alikes, PDFs with a text layer in `folder`/docs and their truth in `folder`/truth, each template a family: those whose truth
    says that they are held out, or that they are not. Raises FileNotFoundError where there are none."""
    truths = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((folder / "truth").glob("*.json"))}
    wanted = {name: truth for name, truth in truths.items() if truth.get("held_out") is held_out}
    if not wanted:
        raise FileNotFoundError(f"{folder}: no look-alikes that are {'' if held_out else 'not '}held out")
    for name, truth in wanted.items():
        document = read_pdf((folder / "docs" / f"{name}.pdf").read_bytes(), Limits())
        yield Example(document, _with_short_vat_ids(labelled_truth(truth)), str(truth["layout"]))


def pictures(documents: int, seed: int, families: Side, kept: Path) -> Iterator[Example]:
    """Of one page, as a scanner or a telephone gives it, read by the product's own engines: one to two seconds each.

    `kept`: a folder for the pictures and what was read on them; what is there is not read again.
    """
    from tests.accuracy.reading import read  # here, because only this needs the engines

    kept.mkdir(parents=True, exist_ok=True)
    short = ((index, made) for index in count() if (made := make(seed, index, families)).pages == 1)
    made_at = {kept / f"{families}-{seed}-{index}.jpg": (index, made) for index, made in islice(short, documents)}
    for path, (index, made) in made_at.items():
        if not path.exists():
            path.write_bytes(picture_of(made.pdf, 0, seed * 1_000_003 + index))
    reads = read(list(made_at), kept / "words")
    for path, (_, made) in made_at.items():
        if (document := reads[path].document) is not None:
            yield Example(document, _truth(made), made.family)


def _truth(made: Made) -> Truth:
    """A value that stands nowhere but follows from what does (a due date, a tax of nothing) is right if it is what was sold. Not known is
    whether an id of the seller's is one for VAT or another where there is only the other, and what lines with tax add up to."""
    truth = _with_short_vat_ids(truth_of(made.sold))
    unknown = {"paid_amount"} if made.kind == "receipt" else set()  # what was given over the counter
    unknown |= {"line_total"} if made.sold.line_total is None else set()
    unknown |= {"seller.vat_id"} if made.sold.seller.tax_id and not made.sold.seller.vat_id else set()
    unknown |= {"seller.tax_id"} if made.sold.seller.vat_id and not made.sold.seller.tax_id else set()
    return {path: values for path, values in truth.items() if path not in unknown}


def _with_short_vat_ids(truth: Truth) -> Truth:
    """The Swiss leave out "MWST" where it is no matter of tax; Italy, Spain and Portugal print a VAT id without their country."""
    short = {path: [str(value).removesuffix("MWST") for value in values] for path, values in truth.items() if path.endswith(".vat_id")}
    return {**truth, **{path: (*truth[path], *ids, *(vat_id[2:] for vat_id in ids)) for path, ids in short.items()}}
