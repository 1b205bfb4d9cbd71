"""Seller and buyer: passages under their labels, address passages, and the names that agree with web addresses, legal forms and footers."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.invoice import Address
from app.extractors.addressee import PartyChoice, address_passages, below_return_line, choose_addressee, name_of, named, saluted
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.choice import Choice
from app.extractors.party_details import address_of, choose_tax_ids
from app.extractors.passages import Passage, labelled_passages, passage_below
from app.extractors.sender import choose_sender


@dataclass(frozen=True, slots=True)
class Parties:
    seller: PartyChoice
    buyer: PartyChoice


def choose_parties(found: Candidates, items: frozenset[int]) -> Parties:
    """Both parties. A name is taken from a labelled passage first, else from what sets a sender or an addressee apart on a letter."""
    grid = found.grid
    labelled = labelled_passages(found, items)
    buyer, seller = PartyChoice(), PartyChoice()
    for weight, passage in labelled["buyer"]:
        if buyer.name is None:
            buyer.passage = passage
            buyer.name = name_of(found, passage, weight)
    if labelled["seller"]:
        weight, passage = labelled["seller"][0]
        seller.passage = passage
        seller.name = name_of(found, passage, weight)
    others = [passage for role in ("ship_to", "other") for _, passage in labelled[role]]
    known = [b for bs in labelled.values() for _, b in bs]
    window = address_passages(found, items, known)
    if buyer.name is None and (passage_in_window := below_return_line(found, items, known)):
        buyer.passage = passage_in_window
        buyer.name = name_of(found, passage_in_window, 0.8)
    if buyer.name is None:
        choose_addressee(found, buyer, window)
    if buyer.name is None:
        buyer.name = saluted(found, items) or named(found, items)
    if seller.name is None or seller.name.confidence < 0.75:
        payees = [passage for _, passage in labelled["payee"]]
        best = choose_sender(found, items, buyer, seller, others, window, payees)
        if best:
            seller.name = best
    if seller.passage is None and seller.name and seller.name.candidate:
        seller.passage = _letterhead(found, seller.name.candidate, buyer)
    choose_tax_ids(found, seller, buyer, labelled, items)
    for party in (seller, buyer):
        if party.passage:
            party.address = address_of(grid, party.passage, party.name)
    if seller.address.country is None and seller.name and (address := _address_elsewhere(found, seller.name)):
        seller.address = address
    return Parties(seller, buyer)


def _address_elsewhere(found: Candidates, name: Choice) -> Address | None:
    """The address under another place of the name, as footers have it."""
    for number, row in enumerate(found.grid.rows):
        for first, end in row.cells:
            if row.span(first, end) == name.value:
                address = address_of(found.grid, passage_below(found, (number, first, end), with_first=True), name)
                if address.country:
                    return address
    return None


def _letterhead(found: Candidates, name: Candidate, buyer: PartyChoice) -> Passage:
    """The sender's lines: the cell with the name and what stands under it, up to where the addressee begins."""
    row = found.grid.rows[name.row]
    first, end = row.cells[row.cell_of[name.first]]
    passage = passage_below(found, (name.row, first, end), with_first=True)
    theirs = {(line[0], line[1]) for line in buyer.passage.lines} if buyer.passage else set()
    stop = next((i for i, line in enumerate(passage.lines) if (line[0], line[1]) in theirs), len(passage.lines))
    return Passage(passage.lines[:stop])
