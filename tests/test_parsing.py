from __future__ import annotations

import time
from datetime import date
from decimal import Decimal

import pytest

from app.domain.parsing import (
    decimal_mark,
    iban_is_valid,
    make_date,
    money,
    month_names,
    numeric_date,
    parse_amount,
    parse_currency,
    parse_iban,
    parse_month,
    parse_number,
    parse_vat_id,
    plain,
    vat_id_is_valid,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u202f234,56", "1234.56"),
        ("1'234.56", "1234.56"),
        ("1’234.56", "1234.56"),
        ("12,34,567.00", "1234567.00"),
        ("1.234.567,8", "1234567.8"),
        ("10000,0000", "10000.0000"),
        ("0.052", "0.052"),
        ("5,00-", "-5.00"),
        ("-5,00", "-5.00"),
        ("−5,00", "-5.00"),
        ("(1.00)", "-1.00"),
        ("EUR 12", "12"),
        ("12 €", "12"),
        ("-€5.20", "-5.20"),
        ("$-1,234.50", "-1234.50"),
        ("€ 100,--", "100"),
        ("Rs. 12,000", "12000"),
        ("US$ 5.00", "5.00"),
        ("CHF 1’234.50", "1234.50"),
    ],
)
def test_amounts_of_many_locales(text: str, value: str) -> None:
    assert parse_amount(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "abc", "12.34.56", "1,2345,6", "12x", "1.23,4.5", "1..2", "--5", "9" * 40])
def test_what_is_no_amount(text: str) -> None:
    assert parse_amount(text) is None


def test_the_document_decides_between_thousands_and_decimals() -> None:
    assert parse_number("1.234") == 1234
    assert parse_number("1.234", mark=".") == Decimal("1.234")
    assert parse_number("1,234", mark=",") == Decimal("1.234")
    assert decimal_mark(["12,50", "1.234,00", "3"]) == ","
    assert decimal_mark(["12.50", "1,234.00"]) == "."
    assert decimal_mark(["12.50", "12,50"]) is None
    assert decimal_mark([]) is None


def test_money_has_at_least_cents() -> None:
    assert str(money(Decimal(1190))) == "1190.00"
    assert str(money(Decimal("0.0205"))) == "0.0205"


def test_numeric_dates_follow_the_order_unless_it_is_impossible() -> None:
    assert numeric_date("04", "07", "2022") == date(2022, 7, 4)
    assert numeric_date("04", "07", "2022", "mdy") == date(2022, 4, 7)
    assert numeric_date("04", "17", "2022") == date(2022, 4, 17)
    assert numeric_date("31", "12", "21") == date(2021, 12, 31)
    assert numeric_date("2022", "07", "04") == date(2022, 7, 4)
    assert numeric_date("2022", "07", "04", "ydm") == date(2022, 4, 7)
    assert numeric_date("2022", "17", "04") == date(2022, 4, 17)
    assert numeric_date("32", "13", "2022") is None
    assert numeric_date("1", "2", "345") is None
    assert make_date(1950, 1, 1) is None
    assert make_date(2023, 2, 29) is None


@pytest.mark.parametrize(
    ("word", "month"),
    [
        ("janvier", 1),
        ("févr.", 2),
        ("März", 3),
        ("maart", 3),
        ("aprile", 4),
        ("mayo", 5),
        ("juin", 6),
        ("July", 7),
        ("août", 8),
        ("septembre", 9),
        ("ottobre", 10),
        ("novembro", 11),
        ("Dez.", 12),
        ("gennaio", 1),
        ("SEPT", 9),
    ],
)
def test_months_in_seven_languages(word: str, month: int) -> None:
    assert parse_month(word) == month


def test_words_that_are_no_month() -> None:
    assert parse_month("Montag") is None
    assert parse_month("12") is None
    assert len(month_names()) > 80


def test_ibans_by_length_and_checksum() -> None:
    assert parse_iban("DE89 3704 0044 0532 0130 00 BIC COBADEFF") == "DE89370400440532013000"
    assert parse_iban("DE89 3704") is None
    assert parse_iban("XY89 3704 0044 0532 0130 00") is None
    assert iban_is_valid("DE89370400440532013000")
    assert not iban_is_valid("DE89370400440532013001")
    assert not iban_is_valid("DE8937040044053201300")


def test_vat_ids() -> None:
    assert parse_vat_id("FR 40 123 456 824") == "FR40123456824"
    assert parse_vat_id("CHE-123.456.788 MWST") == "CHE123456788MWST"
    assert parse_vat_id("27AAPFU0939F1ZV") == "27AAPFU0939F1ZV"
    assert parse_vat_id("DE12345") is None
    assert parse_vat_id("ZZ123456789") is None
    assert vat_id_is_valid("DE136695976")
    assert not vat_id_is_valid("DE136695977")
    assert vat_id_is_valid("27AAPFU0939F1ZV")


def test_currencies() -> None:
    assert [parse_currency(t) for t in ("€", "EUR", "$", "US$", "£", "Rs.", "₹", "CHF", "zł")] == [
        "EUR", "EUR", "USD", "USD", "GBP", "INR", "INR", "CHF", "PLN",
    ]  # fmt: skip
    assert parse_currency("eur") is None
    assert parse_currency("XYZ") is None


def test_plain_words_are_comparable() -> None:
    assert plain("Rechnungs-Nr.:") == ("rechnungs", "nr")
    assert plain("N°") == plain("Nº") == ("n",)
    assert plain("Échéance") == ("echeance",)
    assert plain("VAT%") == ("vat", "%")


def test_long_input_takes_linear_time() -> None:
    hostile = "1" * 200_000
    start = time.process_time()
    assert parse_amount(hostile) is None
    assert parse_iban("DE" + hostile) == "DE" + "1" * 20
    assert parse_vat_id(hostile) is None
    assert decimal_mark([hostile]) is None
    assert time.process_time() - start < 0.5
