"""Identifiers against their own check digits and lists: accounts, VAT ids, currencies, countries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from babel.core import get_global
from babel.numbers import list_currencies
from schwifty import BIC, IBAN
from schwifty.exceptions import InvalidChecksumDigits, InvalidCountryCode, SchwiftyException
from stdnum import get_cc_module
from stdnum.exceptions import InvalidChecksum, ValidationError

from app.domain.finding import Finding
from app.domain.invoice import Invoice, Party
from app.rules.context import Context

NO_CURRENCY = frozenset({"XXX", "XTS"})
NO_COUNTRY = frozenset("AC CP DG EA IC TA EU ZZ BU CS DD SU TP YD YU ZR".split())
# python-stdnum's module for a prefix; Greece writes EL (its country code is GR), Northern Ireland XI, and all else as it stands.
VAT_COUNTRIES = {
    **{code: code for code in "AT BE BG CY CZ DE DK EE ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK GB GR".split()},
    "EL": "GR",
    "XI": "GB",
}
_IBAN_LIKE = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{8,}")


def accounts(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """An account that begins like an IBAN must be one: a wrong digit sends money astray. Other account numbers have no check."""
    named = {"payment_account": invoice.payment_account, "debited_account": invoice.debited_account}
    others = {f"payment_accounts.{i}": account for i, account in enumerate(invoice.payment_accounts) if account != invoice.payment_account}
    for path, account in (named | others).items():
        compact = "".join((account or "").split()).upper()
        if not _IBAN_LIKE.fullmatch(compact):
            continue
        try:
            IBAN(compact)
        except InvalidCountryCode:
            continue  # no country that has IBANs
        except InvalidChecksumDigits:
            yield Finding("iban_checksum", "error", "The check digits of the IBAN are wrong.", (path,))
        except SchwiftyException:
            yield Finding("iban_format", "error", "The IBAN has not the form that its country uses.", (path,))


def bank(invoice: Invoice, context: Context) -> Iterator[Finding]:
    if invoice.payment_bic is None:
        return
    try:
        BIC("".join(invoice.payment_bic.split()).upper())
    except SchwiftyException:
        yield Finding("bic_format", "warning", "The BIC has not the form of one.", ("payment_bic",))


def vat_ids(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """EU, British, Swiss and Norwegian ids. A wrong one is a warning: it is the buyer's tax deduction that is at risk, not the payment."""
    parties = {"seller": invoice.seller, "buyer": invoice.buyer, "tax_representative": invoice.tax_representative}
    for name, party in parties.items():
        fault = _vat_fault(party)
        if fault:
            rule, message = fault
            yield Finding(rule, "warning", message, (f"{name}.vat_id",))


def currencies(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """ISO 4217. Without a known currency the total means nothing."""
    if invoice.currency is not None and invoice.currency not in _currencies():
        yield Finding("currency_code", "error", "This is no currency of ISO 4217.", ("currency",))
    if invoice.tax_currency is not None and invoice.tax_currency not in _currencies():
        yield Finding("currency_code", "warning", "This is no currency of ISO 4217.", ("tax_currency",))


def countries(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """ISO 3166-1 alpha-2, with XI and XK, which are in use."""
    for name in ("seller", "buyer", "payee", "tax_representative", "ship_to"):
        party: Party = getattr(invoice, name)
        if party.address.country is not None and party.address.country not in _countries():
            yield Finding("country_code", "warning", "This is no country code of ISO 3166.", (f"{name}.address.country",))
    for i, line in enumerate(invoice.lines):
        if line.origin_country is not None and line.origin_country not in _countries():
            yield Finding("country_code", "warning", "This is no country code of ISO 3166.", (f"lines.{i}.origin_country",))


def _vat_fault(party: Party) -> tuple[str, str] | None:
    packed = "".join(character for character in (party.vat_id or "").upper() if character.isalnum())
    if not packed.isascii():
        return "vat_id_format", "The VAT id has letters that no VAT id has."
    if packed.startswith("CHE"):
        country, kind = "CH", "uid"
        packed = re.sub(r"(MWST|TVA|IVA|TPV)$", "", packed)
    elif packed.startswith("NO"):
        country, kind = "NO", "orgnr"
        packed = packed[2:].removesuffix("MVA")
    elif packed[:2] in VAT_COUNTRIES:
        country, kind = VAT_COUNTRIES[packed[:2]], "vat"
        packed = "GB" + packed[2:] if country == "GB" else packed
    else:
        return None  # no prefix, or a country whose rule we do not know
    module = get_cc_module(country.lower(), kind)
    if module is None:
        return None
    try:
        module.validate(packed)
    except InvalidChecksum:
        return "vat_id_checksum", "The check digits of the VAT id are wrong."
    except ValidationError:
        return "vat_id_format", "The VAT id has not the form that its country uses."
    return None


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies()) - NO_CURRENCY


@cache
def _countries() -> frozenset[str]:
    """The territories of CLDR without its groups, exceptional reservations and states of the past; Northern Ireland taxes as XI."""
    return (frozenset(get_global("territory_currencies")) - NO_COUNTRY) | {"XI"}
