"""Several payment means of one invoice, as the one that the model holds: shared by the e-invoice syntaxes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9 ]{8,40}")


def looks_like_iban(account: str) -> bool:
    return _IBAN.fullmatch(account) is not None


@dataclass(frozen=True, slots=True)
class _Account:
    number: str
    is_iban: bool
    name: str | None
    bic: str | None


@dataclass(slots=True)
class PaymentMeans:
    """The first of each value; name and BIC are those of the chosen account: the first IBAN, else the first account of any kind."""

    code: str | None = None
    text: str | None = None
    reference: str | None = None
    card_number: str | None = None
    card_holder: str | None = None
    mandate: str | None = None
    creditor_id: str | None = None
    debited_account: str | None = None
    _accounts: list[_Account] = field(default_factory=list)
    _without_number: tuple[str | None, str | None] = (None, None)

    def add_account(self, number: str | None, is_iban: bool, name: str | None, bic: str | None) -> None:
        """`number` None: a name or BIC without an account is kept for an invoice that has no account at all."""
        if number is not None:
            self._accounts.append(_Account(number, is_iban, name, bic))
        elif self._without_number == (None, None):
            self._without_number = (name, bic)

    @property
    def _chosen(self) -> _Account | None:
        return next((a for a in self._accounts if a.is_iban), self._accounts[0] if self._accounts else None)

    @property
    def account(self) -> str | None:
        return self._chosen.number if self._chosen else None

    @property
    def account_name(self) -> str | None:
        return self._chosen.name if self._chosen else self._without_number[0]

    @property
    def bic(self) -> str | None:
        return self._chosen.bic if self._chosen else self._without_number[1]

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every different account, where there is more than one."""
        numbers = tuple(dict.fromkeys(a.number for a in self._accounts))
        return numbers if len(numbers) > 1 else ()
