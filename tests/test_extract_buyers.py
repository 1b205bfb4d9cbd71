"""To whom an invoice is sent, on layouts of all kinds: what is its name, and what stands where a name might."""

from __future__ import annotations

import pytest

from app.extractors.text import extract_text
from tests.test_extract_parties import ITEMS
from tests.test_extract_text import document, value_at

SENDER = """
Bluewave Timber Ltd                     INVOICE no. 4711
12 High Street                          Date: 5 March 2024
Leeds LS1 4AB
Tel. 0113 496 0000
"""

BUYERS = {
    "a_form": (
        """
Dados do prestador
Nome            Sofia Martins
NIF             508971888

Dados do adquirente
Nome            Vinhos Teixeira
Morada          Rua Nova 155, 2842-823 Lisboa
""",
        "Vinhos Teixeira",
    ),
    "a_form_under_a_long_heading": (
        """
SUPPLIER OF THE GOODS
Name            Sofia Martins

PURCHASER OF THE GOODS OR SERVICES
Name            Fenwick Optics
Address         9 Church Street, York YO1 7HU
""",
        "Fenwick Optics",
    ),
    "an_address_behind_a_comma": ("\nClient: Fenwick Optics Ltd, 9 Church Street, York YO1 7HU\n", "Fenwick Optics Ltd"),
    "a_word_for_customers_over_an_address": (
        """
Participant
Fenwick Optics
9 Church Street
York YO1 7HU
""",
        "Fenwick Optics",
    ),
    "a_number_over_the_name": (
        """
Customer
K44668
Fenwick Optics
9 Church Street
York
""",
        "Fenwick Optics",
    ),
    "a_department_over_the_name": (
        """
Bill to:
Purchasing Department
Fenwick Optics
9 Church Street
York YO1 7HU
""",
        "Fenwick Optics",
    ),
    "a_label_that_is_no_name": (
        """
Fenwick Optics
9 Church Street
York YO1 7HU

Patient
born 7 May 1978, no. 33782

Diagnosis (ICD-10)
M54.5
""",
        "Fenwick Optics",
    ),
    "a_guest_of_a_firm": (
        """
Fenwick Optics Ltd
9 Church Street
York YO1 7HU

Guest: Anna Ostermann
""",
        "Fenwick Optics Ltd",
    ),
    "a_post_code_in_two_parts": ("\nClient: Elektro Havel, Dlouha 25, 110 00 Praha 1\n", "Elektro Havel"),
    "digits_in_the_name": (
        """
Bill to:
Fenwick Optics 2000 BV
9 Church Street
York YO1 7HU
""",
        "Fenwick Optics 2000 BV",
    ),
    "a_tax_number_of_the_customer": (
        """
Summit Catering
16 Church Street
Durban 4389
Customer VAT Reg No: 4124325774
""",
        "Summit Catering",
    ),
    "handed_to_a_person": (
        """
Bill to:
T.a.v. Pieter Hoekstra
Fenwick Optics
9 Church Street
York YO1 7HU
""",
        "Fenwick Optics",
    ),
    "a_person_over_two_partners": (
        """
Bill to:
Hannah Barnes
Rodney & Carvel
9 Church Street
York YO1 7HU
""",
        "Rodney & Carvel",
    ),
    "a_person_over_a_trade": (
        """
Bill to:
Hannah Barnes
Fenwick Hardware
9 Church Street
York YO1 7HU
""",
        "Fenwick Hardware",
    ),
    "broken_in_a_narrow_column": (
        """
Bill to:
OSMOND & VALE BUILDING
MERCHANTS INC.
9 Church Street
York YO1 7HU
""",
        "OSMOND & VALE BUILDING MERCHANTS INC.",
    ),
    "broken_behind_an_and": (
        """
Bill to:
Falkner &
Vale Catering Ltd
9 Church Street
York YO1 7HU
""",
        "Falkner & Vale Catering Ltd",
    ),
    "a_person_over_a_firm_is_not_broken": (
        """
Bill to:
Bartholomew Featherstone
Vale Ltd
9 Church Street
York YO1 7HU
""",
        "Vale Ltd",
    ),
    "a_department_over_a_firm_is_not_broken": (
        """
Bill to:
Service achats et commandes
Vale Catering Ltd
9 Church Street
York YO1 7HU
""",
        "Vale Catering Ltd",
    ),
}


@pytest.mark.parametrize("buyer", BUYERS)
def test_who_is_billed(buyer: str) -> None:
    text, name = BUYERS[buyer]
    assert value_at(extract_text(document(SENDER + text + ITEMS)), "buyer.name") == name


@pytest.mark.parametrize(
    "line", ["wir uns nach der neuen Verordnung zu berechnen", "Viale Europa", "Total excl. VAT", "Customer no. 4711", "Rechnungsdatum"]
)
def test_what_is_nobodys_name(line: str) -> None:
    text = f"{SENDER}\n\nBill to:\n{line}\nFenwick Optics\n9 Church Street\nYork YO1 7HU\n{ITEMS}"
    assert value_at(extract_text(document(text)), "buyer.name") in ("Fenwick Optics", None)
