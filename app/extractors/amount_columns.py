"""Which column holds what each line comes to, where its title does not say so."""

from __future__ import annotations

from app.extractors.candidate import Candidate
from app.extractors.columns import Head, TableHead
from app.extractors.columns_lexicon import Column
from app.extractors.grid import Grid
from app.extractors.item_rows import column_of
from app.extractors.items import value_of
from app.extractors.products import times


def amounts_without_tax(grid: Grid, head: TableHead, body: range, by_row: dict[int, list[Candidate]]) -> TableHead:
    """The head, its amount moved to an earlier column where that is what quantity x price gives, or found where no title names it.

    "Qty | Price | Amount | Tax | Total with tax": a line's own amount is without tax. "Total to date | Qty | Price | This invoice": it
    stands behind the price.
    """
    price = next((i for i, h in enumerate(head.heads) if h.column is Column.PRICE), None)
    named = next((i for i, h in enumerate(head.heads) if h.column is Column.AMOUNT), None)
    tax = next((i for i, h in enumerate(head.heads) if h.column is Column.TAX_AMOUNT), None)
    before = named is not None and price is not None and named < price
    last = len(head.heads) - 1 if named is None or before else named
    first = 0 if price is None else price + 1
    if (price is None and tax is None) or all(h.column is not Column.OTHER for h in head.heads[first : last + 1]):
        return head
    votes = dict.fromkeys((*range(first, last + 1), *([named] if named is not None and before else [])), 0)
    for number in body:
        by_column: dict[int, Candidate] = {}
        for c in by_row.get(number, ()):
            found = column_of(grid.rows[number], c, head)
            if found is not None:
                by_column.setdefault(head.heads.index(found), c)
        quantity = next((c for i, c in by_column.items() if head.heads[i].column is Column.QUANTITY), None)
        for i in votes:
            if i not in by_column or by_column[i].kind != "amount":
                continue
            counted = quantity is not None and quantity.value != 1 and price is not None and price in by_column
            if counted and times(quantity, by_column[price], by_column[i]):  # type: ignore[arg-type,index]
                votes[i] += 1
                break
            taxed = tax in by_column and last in by_column and i < last and head.heads[i].column is Column.OTHER
            if taxed and value_of(by_column[i]) + value_of(by_column[tax]) == value_of(by_column[last]):  # type: ignore[index]
                votes[i] += 1
                break
    best = max(votes, key=lambda i: votes[i])
    if named is None or before:
        if not votes[best] or best == named:
            return head
    elif best == last or votes[best] <= votes[last] or (votes[best] == 1 and not grid.rows[head.first].read):
        return head
    kinds = {named: Column.OTHER, best: Column.AMOUNT}
    heads = tuple(Head(kinds.get(i, h.column), h.x0, h.x1) for i, h in enumerate(head.heads))
    return TableHead(head.first, head.last, heads, head.described)
