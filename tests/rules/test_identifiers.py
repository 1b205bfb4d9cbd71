"""Accounts, VAT ids, countries and currencies: true ones, false ones, and anything that could be written in their place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.finding import Finding
from app.domain.invoice import Address, Party
from app.stages.validate import findings_of
from tests.rules.invoices import GOOD, D, check, context


@pytest.mark.parametrize(
    ("vat_id", "rule"),
    [
        ("ATU13585627", None),
        ("AT U13585627", None),
        ("BE0403019261", None),
        ("EL094259216", None),
        ("ESB58378431", None),
        ("IT00743110157", None),
        ("NL004495445B01", None),
        ("GB980780684", None),
        ("XI980780684", None),
        ("GB980780685", "vat_id_checksum"),
        ("XI980780685", "vat_id_checksum"),
        ("CHE-107.787.577 IVA", None),
        ("CHE107787577", None),
        ("CHE107787578MWST", "vat_id_checksum"),
        ("NO 995 525 828 MVA", None),
        ("NO995525828", None),
        ("NO995525829MVA", "vat_id_checksum"),
        ("ATU1358562", "vat_id_format"),
        ("DEÄ36695976", "vat_id_format"),
        ("US123456789", None),
        ("123456789", None),
        ("", None),
        ("27AAPFU0939F1ZV", None),
    ],
)
def test_vat_ids(vat_id: str, rule: str | None) -> None:
    found = check(replace(GOOD, seller=replace(GOOD.seller, vat_id=vat_id)))
    assert found == ([(rule, "warning")] if rule else [])


@pytest.mark.parametrize(
    "account", ["GB33 BUKB 2020 1555 5555 55", "no89 3704 0044", "123456789", "US12345678901234", "NL91ABNA0417164300", ""]
)
def test_accounts_that_pass(account: str) -> None:
    assert check(replace(GOOD, payment_account=account)) == ([("iban_format", "error")] if account.startswith("no") else [])


@given(st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_no_text_in_an_identifier_breaks_a_rule(first: str, second: str) -> None:
    odd = replace(
        GOOD,
        payment_account=first,
        payment_bic=second,
        currency=second,
        seller=replace(GOOD.seller, vat_id="DE" + first),
        buyer=replace(GOOD.buyer, vat_id=second, address=Address(country=first)),
    )
    assert all(isinstance(finding, Finding) for finding in findings_of(context(odd)))


@pytest.mark.parametrize(
    ("country", "passes"), [("XI", True), ("XK", True), ("CW", True), ("UK", False), ("YU", False), ("EU", False), ("de", False)]
)
def test_countries(country: str, passes: bool) -> None:
    found = check(replace(GOOD, ship_to=Party(address=Address(country=country))))
    assert found == ([] if passes else [("country_code", "warning")])


@pytest.mark.parametrize("currency", ["JPY", "KWD", "CLF", "DEM"])
def test_currencies_with_other_decimals_pass(currency: str) -> None:
    assert check(replace(GOOD, currency=currency)) == []


def test_three_decimals_count_where_the_currency_has_them() -> None:
    exact = replace(
        GOOD, currency="KWD", total_without_tax=D("1.001"), total_tax=D("0.002"), total_with_tax=D("1.003"), amount_due=D("1.003")
    )
    exact = replace(exact, lines=(), tax_breakdown=(), line_total=None, paid_amount=None, rounding_amount=None)
    assert check(exact, "text") == []
    assert set(check(replace(exact, total_tax=D("0.003")), "text")) == {("BR-CO-15", "error")}
