"""Seller and buyer: blocks under their labels, address blocks, and the names that agree with web addresses, legal forms and footers."""

from __future__ import annotations

from dataclasses import dataclass

from app.extractors.addressee import PartyChoice, address_blocks, below_return_line, choose_addressee, name_of, saluted
from app.extractors.blocks import Block, block_below, labelled_blocks
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.party_details import address_of, choose_tax_ids
from app.extractors.sender import choose_sender


@dataclass(frozen=True, slots=True)
class Parties:
    seller: PartyChoice
    buyer: PartyChoice


def choose_parties(found: Candidates, items: frozenset[int]) -> Parties:
    """Both parties. A name is taken from a labelled block first, else from what sets a sender or an addressee apart on a letter."""
    grid = found.grid
    labelled = labelled_blocks(found, items)
    buyer, seller = PartyChoice(), PartyChoice()
    if labelled["buyer"]:
        weight, block = labelled["buyer"][0]
        buyer.block = block
        buyer.name = name_of(found, block, weight)
    if labelled["seller"]:
        weight, block = labelled["seller"][0]
        seller.block = block
        seller.name = name_of(found, block, weight)
    others = [block for role in ("ship_to", "other") for _, block in labelled[role]]
    known = [b for bs in labelled.values() for _, b in bs]
    window = address_blocks(found, items, known)
    if buyer.name is None and (block_in_window := below_return_line(found, items, known)):
        buyer.block = block_in_window
        buyer.name = name_of(found, block_in_window, 0.8)
    if buyer.name is None:
        choose_addressee(found, buyer, window)
    if buyer.name is None:
        buyer.name = saluted(found, items)
    if seller.name is None or seller.name.confidence < 0.75:
        payees = [block for _, block in labelled["payee"]]
        best = choose_sender(found, items, buyer, seller, others, window, payees)
        if best:
            seller.name = best
    if seller.block is None and seller.name and seller.name.candidate:
        seller.block = _letterhead(found, seller.name.candidate, buyer)
    choose_tax_ids(found, seller, buyer, labelled, items)
    for party in (seller, buyer):
        if party.block:
            party.address = address_of(grid, party.block, party.name)
    return Parties(seller, buyer)


def _letterhead(found: Candidates, name: Candidate, buyer: PartyChoice) -> Block:
    """The sender's lines: the cell with the name and what stands under it, up to where the addressee begins."""
    row = found.grid.rows[name.row]
    first, end = row.cells[row.cell_of[name.first]]
    block = block_below(found, (name.row, first, end), with_first=True)
    theirs = {(line[0], line[1]) for line in buyer.block.lines} if buyer.block else set()
    stop = next((i for i, line in enumerate(block.lines) if (line[0], line[1]) in theirs), len(block.lines))
    return Block(block.lines[:stop])
