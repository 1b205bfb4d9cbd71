"""What the samples say: made-up sales, and accounts of banks that do not exist, with right check digits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from app.domain.invoice import Invoice, PrecedingInvoice
from app.samples.ledger import Sale, add_up, check_digits
from app.samples.parties import BINDERY, CATERING, HOTEL, HOUSE, JOINERY, LAMPS, OFFICE, PRACTICE, TOWN, WHOLESALE, WORKSHOP

ENGLISH_INVOICE = add_up(
    Invoice(
        number="HP-2026-0417",
        issue_date=date(2026, 3, 9),
        type_code="380",
        currency="GBP",
        due_date=date(2026, 4, 8),
        delivery_date=date(2026, 3, 5),
        purchase_order_reference="PO-88213",
        payment_terms="Payment within 30 days of the date of issue. Goods remain our property until paid in full.",
        seller=WORKSHOP,
        buyer=JOINERY,
        payment_account=check_digits("GB", "ZZZZ99000141700932"),
        payment_bic="ZZZZGB2LXXX",
        payment_reference="HP-2026-0417",
    ),
    [
        Sale(
            "Japanese pull saw, 240 mm",
            "4",
            "H87",
            "38.50",
            "20",
            "SAW-240",
            "Replaceable blade, 17 teeth per inch, beech handle; supplied with a blade guard for site work",
        ),
        Sale("Bench chisel set, 6 pieces", "2", "SET", "112.00", "20", "CHI-06", "6, 10, 12, 18, 25 and 32 mm in a canvas roll"),
        Sale("Beech plywood 18 mm, cut to size", "7.25", "MTK", "41.60", "20", "PLY-18B", "Sanded both sides, cutting list of 2 March"),
        Sale("Sharpening service", "1.5", "HUR", "46.00", "20", "SRV-SHP"),
        Sale("Joiner’s pocket handbook (printed)", "3", "H87", "14.95", "0", "BOOK-114", "Zero-rated printed matter"),
    ],
)

GERMAN_INVOICE = add_up(
    Invoice(
        number="RE-260358",
        issue_date=date(2026, 2, 17),
        type_code="380",
        currency="EUR",
        due_date=date(2026, 3, 3),
        delivery_date=date(2026, 2, 13),
        purchase_order_reference="B-4471/26",
        payment_terms="Zahlbar innerhalb von 14 Tagen ohne Abzug. Die Ware bleibt bis zur vollständigen Bezahlung unser Eigentum.",
        seller=OFFICE,
        buyer=PRACTICE,
        payment_account=check_digits("DE", "999500000012345678"),
        payment_bic="ZZZZDEFFXXX",
        payment_reference="RE-260358",
    ),
    [
        Sale(
            "Schreibtisch „Auwald“ 160 × 80 cm",
            "3",
            "H87",
            "489.00",
            "19",
            "SB-1608",
            "Elektrisch höhenverstellbar von 65 bis 128 cm, Platte Eiche furniert, Gestell weiß, inkl. Kabelwanne",
        ),
        Sale("Bürodrehstuhl „Pleiße“", "3", "H87", "274.50", "19", "DS-210", "Netzrücken, Synchronmechanik, Armlehnen 4D"),
        Sale("Wartezimmerbank, 3 Sitze", "2", "H87", "1149.90", "19", "WB-3", "Kunstleder anthrazit, desinfektionsmittelbeständig"),
        Sale("Montage vor Ort", "5.5", "HUR", "52.00", "19", "MO-1"),
        Sale("Fachbuch „Ergonomie in der Praxis“", "2", "H87", "29.81", "7", "FB-77"),
    ],
)

FRENCH_INVOICE = add_up(
    Invoice(
        number="F2026-00871",
        issue_date=date(2026, 4, 1),
        type_code="380",
        currency="EUR",
        due_date=date(2026, 5, 16),
        delivery_date=date(2026, 3, 27),
        purchase_order_reference="BC-1207",
        payment_terms=(
            "Paiement à 45 jours date de facture. Pas d’escompte pour paiement anticipé. Indemnité forfaitaire pour frais de"
            " recouvrement en cas de retard : 40 €."
        ),
        seller=BINDERY,
        buyer=HOUSE,
        payment_account=check_digits("FR", "20041010050500013M02606"),
        payment_bic="ZZZZFRPPXXX",
        payment_reference="F2026-00871",
    ),
    [
        Sale(
            "Reliure pleine toile, format 21 × 29,7",
            "120",
            "H87",
            "18.40",
            "20",
            "REL-A4T",
            "Toile bordeaux, dorure à chaud du titre, tranchefile coton, signet ; corps d’ouvrage cousu",
        ),
        Sale("Coffret d’archives sur mesure", "16", "H87", "63.25", "20", "COF-SM", "Carton neutre sans acide, fermeture à rabat"),
        Sale("Papier marbré à la main", "12.5", "MTR", "27.90", "20", "PAP-MB"),
        Sale("Catalogue « Couleurs d’atelier », édition brochée", "40", "H87", "9.48", "5.5", "LIV-CA"),
    ],
)

CREDIT_NOTE = add_up(
    Invoice(
        number="HPC-2026-0031",
        issue_date=date(2026, 3, 23),
        type_code="381",
        currency="GBP",
        preceding_invoice_reference="HP-2026-0417",
        preceding_invoices=(PrecedingInvoice("HP-2026-0417"),),
        payment_terms="The amount will be set off against your next invoice or paid back on request.",
        seller=WORKSHOP,
        buyer=JOINERY,
    ),
    [
        Sale("Japanese pull saw, 240 mm", "1", "H87", "38.50", "20", "SAW-240", "Returned on 18 March: handle split"),
        Sale("Bench chisel set, 6 pieces", "1", "SET", "112.00", "20", "CHI-06", "Returned unopened"),
    ],
)

_STOCK = [
    ("LED panel 600 × 600, 36 W, 4000 K", "H87", "31.85", "Recessed, UGR below 19, driver included"),
    ("Downlight, fire-rated, IP65", "H87", "8.94", None),
    ("Twin & earth cable 2.5 mm²", "MTR", "0.87", "Drum of 100 m, cut lengths on request"),
    ("Consumer unit, 18 way, metal", "H87", "124.60", "Populated with 2 RCDs and 12 MCBs; busbar and blanks included in the box"),
    ("RCBO 20 A type A", "H87", "21.15", None),
    ("Cable tray 150 mm, galvanised", "MTR", "6.32", "3 m lengths with couplers"),
    ("Emergency exit sign, maintained", "H87", "44.10", "3 h battery, self-test"),
    ("Double socket outlet, 13 A", "H87", "3.78", None),
    ("Dimmer module, trailing edge", "H87", "17.66", "For 5 to 150 W LED loads; neutral needed; fits a 35 mm back box"),
    ("Smoke alarm, mains with backup", "H87", "26.49", None),
    ("Galvanised conduit 20 mm", "MTR", "2.91", None),
    ("Test and certification on site", "HUR", "58.00", "Certificate issued for each distribution board"),
]
MULTI_PAGE_INVOICE = add_up(
    Invoice(
        number="1048832",
        issue_date=date(2026, 1, 30),
        type_code="380",
        currency="EUR",
        due_date=date(2026, 2, 28),
        delivery_date=date(2026, 1, 29),
        purchase_order_reference="GHH/26/014",
        payment_terms="Terms: end of month following. Claims for short delivery within 3 working days, please.",
        seller=WHOLESALE,
        buyer=HOTEL,
        payment_account=check_digits("IE", "ZZZZ99000104883277"),
        payment_bic="ZZZZIE2DXXX",
        payment_reference="1048832",
    ),
    [
        Sale(
            f"{name}{', room ' + str(100 + position) if unit == 'H87' and position % 3 == 0 else ''}",
            str(2 + (position * 7) % 23) if unit != "HUR" else "7.5",
            unit,
            price,
            "23" if unit != "HUR" else "13.5",
            f"{4100 + 17 * position}",
            description,
        )
        for position, (name, unit, price, description) in enumerate((_STOCK * 5)[:54])
    ],
)

HYBRID_INVOICE = add_up(
    Invoice(
        number="KL-2026-1190",
        issue_date=date(2026, 5, 4),
        type_code="380",
        currency="EUR",
        due_date=date(2026, 6, 3),
        delivery_date=date(2026, 4, 28),
        buyer_reference="04-17999-0001-63",
        purchase_order_reference="SWB-2026-077",
        payment_terms="Zahlbar innerhalb von 30 Tagen ohne Abzug.",
        specification="urn:cen.eu:en16931:2017",
        seller=LAMPS,
        buyer=TOWN,
        payment_means_code="58",
        payment_account=check_digits("DE", "999500000043214321"),
        payment_bic="ZZZZDEFFXXX",
        payment_reference="KL-2026-1190",
    ),
    [
        Sale(
            "Mastleuchte „Hafen“ LED 28 W",
            "12",
            "H87",
            "386.40",
            "19",
            "ML-28H",
            "Aluminium, seewasserbeständig beschichtet, IP66, Lichtfarbe 3000 K, Zopfmaß 76 mm",
        ),
        Sale("Ersatztreiber, programmierbar", "4", "H87", "61.75", "19", "ET-40"),
        Sale("Lichtpunktplanung", "6", "HUR", "78.00", "19", "PL-1", "Je Straßenzug, mit Nachweis der Gleichmäßigkeit"),
    ],
)

UBL_INVOICE = replace(
    ENGLISH_INVOICE,
    number="HP-2026-0502",
    issue_date=date(2026, 3, 30),
    due_date=date(2026, 4, 29),
    delivery_date=date(2026, 3, 27),
    buyer_reference="Workshop 2",
    specification="urn:cen.eu:en16931:2017",
    payment_means_code="30",
    payment_reference="HP-2026-0502",
)

CII_INVOICE = replace(
    FRENCH_INVOICE,
    number="F2026-00902",
    issue_date=date(2026, 4, 8),
    due_date=date(2026, 5, 23),
    delivery_date=date(2026, 4, 3),
    buyer_reference="Service achats",
    specification="urn:cen.eu:en16931:2017",
    payment_means_code="58",
    payment_reference="F2026-00902",
)

_CATERED = add_up(
    Invoice(
        number="SC/1183",
        issue_date=date(2026, 2, 6),
        type_code="380",
        currency="GBP",
        due_date=date(2026, 2, 20),
        delivery_date=date(2026, 2, 4),
        payment_terms="Payment within 14 days.",
        seller=CATERING,
        buyer=JOINERY,
        payment_account=check_digits("GB", "ZZZZ99000155500118"),
        payment_bic="ZZZZGB2LXXX",
        payment_reference="SC/1183",
    ),
    [
        Sale("Buffet lunch, per guest", "35", "H87", "17.80", "20", None, "Three salads, two hot dishes, one of them vegan; bread; fruit"),
        Sale("Still and sparkling water", "48", "LTR", "1.15", "20"),
        Sale("Serving staff", "9", "HUR", "19.50", "20"),
    ],
)
CONTRADICTION = replace(
    _CATERED,
    total_with_tax=(_CATERED.total_with_tax or Decimal()) + 90,
    amount_due=(_CATERED.amount_due or Decimal()) + 90,
)
"""Its total is 90.00 more than net and VAT together."""
