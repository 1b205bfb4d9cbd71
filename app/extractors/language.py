"""The kind of a document, by its words."""

from __future__ import annotations

from app.domain.extraction import DocumentType
from app.extractors.candidates import Candidates
from app.extractors.grid import spaced_words
from app.extractors.labels import cues_in
from app.extractors.lexicon import Cue


def kind_of(found: Candidates, has_total: bool, has_number: bool) -> tuple[DocumentType, str]:
    """The kind by the title, and its UNTDID 1001 code. `other` only where the document calls itself something else and never an invoice."""
    grid = found.grid
    titles: list[tuple[float, frozenset[Cue]]] = []
    invoice_alone = False
    everywhere: set[Cue] = set()
    usual = sorted(row.height for row in grid.rows)[len(grid.rows) // 2] if grid.rows else 1.0
    for number, row in enumerate(grid.rows):
        for hit in found.cues[number]:
            everywhere |= hit.cues
        if row.page > 1:
            continue
        height = grid.sizes[0][1]
        for cell, (first, end) in enumerate(row.cells):
            if end - first > 6 and len(row.cell_text(cell)) > 30:
                continue
            words = spaced_words(row, cell)
            cues = cues_in(words)
            if words and len(words) < 3 and any(map(str.isdigit, words[-1])):
                continue
            if not cues & {Cue.INVOICE, Cue.CREDIT, Cue.RECEIPT, Cue.NO_INVOICE}:
                continue
            size = max(spot.y1 - spot.y0 for spot in row.words[first:end]) / max(usual, 0.1)
            alone = len(words) <= 3 and not cues & {Cue.DATE, Cue.TOTAL, Cue.BUYER, Cue.SELLER, Cue.PAYMENT, Cue.RELATED}
            invoice_alone = invoice_alone or (alone and bool(cues & {Cue.INVOICE, Cue.CREDIT, Cue.RECEIPT}) and Cue.NUMBER not in cues)
            weight = (
                min(size, 3.0)
                + (0.8 if alone else 0.0)
                + (0.6 if any(t.text.isupper() for t in row.words[first:end]) else 0.0)
                - 1.5 * row.y0 / height
            )
            titles.append((weight, cues))
    titles.sort(key=lambda title: -title[0])
    top = titles[0][1] if titles else frozenset()
    if Cue.CREDIT in top:
        return "credit_note", "381"
    if Cue.INVOICE in top:
        return "invoice", "380"
    named = any(Cue.INVOICE in cues or Cue.CREDIT in cues for _, cues in titles)
    if Cue.RECEIPT in top and not named:
        return "receipt", "380"
    if Cue.NO_INVOICE in top and (Cue.INVOICE not in everywhere or (titles[0][0] > 2.2 and not invoice_alone)):
        return "other", "380"
    if Cue.INVOICE in everywhere or Cue.CREDIT in everywhere or (has_total and has_number):
        return "invoice", "380"
    return ("receipt", "380") if has_total else ("other", "380")
