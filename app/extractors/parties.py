"""Seller and buyer: passages under their labels, address passages, and the names that agree with web addresses, legal forms and footers."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.invoice import Address
from app.domain.parsing import plain
from app.extractors.addressee import PartyChoice, addressees
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.choice import Choice, with_rivals
from app.extractors.party_details import address_of, choose_tax_ids
from app.extractors.party_labels import labelled_passages
from app.extractors.passages import Passage, passage_below, text_of
from app.extractors.sender import read_senders
from app.extractors.windows import address_passages


@dataclass(frozen=True, slots=True)
class Parties:
    seller: PartyChoice
    buyer: PartyChoice


NOBODY = 0.2
"""What speaks for it that no buyer is named."""
IMPRINT = 0.3
"""What it says against an addressee that the page has an imprint of that name."""
ENOUGH = 0.5
"""That speaks for a sender: more does not make the addressee more likely."""


def choose_parties(found: Candidates, items: frozenset[int]) -> Parties:
    """Both parties, chosen together: what stands in the one's passage is not the other's name."""
    grid = found.grid
    labelled = labelled_passages(found, items)
    known = [b for bs in labelled.values() for _, b in bs]
    window = address_passages(found, items, known)
    senders = read_senders(found, items, labelled, window)
    pairs: list[tuple[float, PartyChoice, Choice | None]] = []
    for merit, option in (*addressees(found, items, labelled["buyer"], labelled["ship_to"], window, known), (NOBODY, PartyChoice())):
        merit -= IMPRINT if senders.have_imprint(option) else 0.0
        sender = senders.choice(option)
        pairs.append((merit + min(ENOUGH, sender.merit if sender else 0.0), option, sender))
    pairs.sort(key=lambda pair: -pair[0])
    _, buyer, sender = pairs[0]
    seller = PartyChoice(sender)
    buyer.name = with_rivals((merit, option.name) for merit, option, _ in pairs if option.name) if buyer.name else None
    if seller.name:
        words = plain(str(seller.name.value))
        seller.passage = next((p for _, p in labelled["seller"] if any(plain(text_of(grid, line)) == words for line in p.lines[:3])), None)
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
