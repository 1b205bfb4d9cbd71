"""Rules: pure functions from an invoice and its context to findings. To add one: write it, and name it in RULES."""

from __future__ import annotations

from app.rules.agreement import account_stands_on_the_page, number_and_date_stand_on_the_page, total_stands_on_the_page
from app.rules.arithmetic import (
    amount_due,
    amounts_in_range,
    implied_tax,
    no_tax_where_none_is_due,
    sum_of_allowances,
    sum_of_charges,
    sum_of_lines,
    sum_of_lines_without_their_total,
    sum_of_taxable_amounts,
    sum_of_taxes,
    tax_in_tax_currency,
    tax_of_each_category,
    taxable_amounts,
    total_with_tax,
    total_without_tax,
)
from app.rules.certainty import decisive_values_are_sure
from app.rules.context import Rule
from app.rules.dates import (
    due_date_follows_issue,
    issue_date_is_plausible,
    other_dates_are_near_issue,
    periods_do_not_end_before_they_start,
)
from app.rules.hidden_text import hidden_fields, hidden_numbers
from app.rules.identifiers import accounts, bank, countries, currencies, vat_ids
from app.rules.line_arithmetic import line_amounts, net_prices
from app.rules.line_doubts import lines_in_doubt
from app.rules.presence import essentials, mandatory_in_an_einvoice, nothing_found
from app.rules.reading import missing_language, several_invoices, unread_pages
from app.rules.xml_problems import xml_problems

RULES: tuple[Rule, ...] = (
    essentials,
    nothing_found,
    mandatory_in_an_einvoice,
    amounts_in_range,
    line_amounts,
    net_prices,
    sum_of_lines,
    sum_of_lines_without_their_total,
    lines_in_doubt,
    sum_of_allowances,
    sum_of_charges,
    total_without_tax,
    taxable_amounts,
    sum_of_taxable_amounts,
    tax_of_each_category,
    no_tax_where_none_is_due,
    sum_of_taxes,
    total_with_tax,
    implied_tax,
    amount_due,
    tax_in_tax_currency,
    issue_date_is_plausible,
    due_date_follows_issue,
    other_dates_are_near_issue,
    periods_do_not_end_before_they_start,
    accounts,
    bank,
    vat_ids,
    currencies,
    countries,
    xml_problems,
    total_stands_on_the_page,
    account_stands_on_the_page,
    number_and_date_stand_on_the_page,
    hidden_fields,
    hidden_numbers,
    unread_pages,
    missing_language,
    several_invoices,
    decisive_values_are_sure,
)
