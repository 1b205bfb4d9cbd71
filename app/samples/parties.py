"""The firms of the samples, sellers and buyers. None exists; the check digits of their VAT ids are right."""

from __future__ import annotations

from app.domain.invoice import Address, Party

WORKSHOP = Party(
    name="Harrow & Pike Workshop Supplies Ltd",
    vat_id="GB390001105",
    legal_id="09999914",
    email="accounts@harrowpike.example",
    phone="+44 114 496 0170",
    address=Address(line_1="14 Tanner’s Yard", city="Sheffield", post_code="S3 8QT", country="GB"),
)
JOINERY = Party(
    name="Northgate Joinery LLP",
    id="C-20418",
    vat_id="GB390001203",
    address=Address(line_1="Unit 6, Old Sawmill", line_2="5 Quayside Lane", city="Bristol", post_code="BS1 9QX", country="GB"),
)
OFFICE = Party(
    name="Lindenhof Büromöbel GmbH",
    vat_id="DE277000103",
    legal_id="HRB 990017 Leipzig",
    contact_name="Jörg Brückner",
    email="rechnung@lindenhof-moebel.example",
    phone="+49 341 23125 410",
    address=Address(line_1="Ahornallee 7", city="Leipzig", post_code="04155", country="DE"),
)
PRACTICE = Party(
    name="Praxis Dr. Weiß & Kollegen",
    id="10734",
    address=Address(line_1="Mühlenstraße 21", city="Erfurt", post_code="99084", country="DE"),
)
BINDERY = Party(
    name="Atelier Beauséjour SARL",
    vat_id="FR74900000100",
    legal_id="90000010000017",
    email="compta@beausejour.example",
    phone="+33 4 65 71 00 24",
    address=Address(line_1="12, rue des Tisserands", city="Lyon", post_code="69001", country="FR"),
)
HOUSE = Party(
    name="Maison Côté Cour SAS",
    id="CL00392",
    vat_id="FR13900000209",
    address=Address(line_1="48, quai de l’Écluse", line_2="Bâtiment B", city="Besançon", post_code="25000", country="FR"),
)
WHOLESALE = Party(
    name="Ballycairn Electrical Wholesale Ltd",
    vat_id="IE3900011CH",
    legal_id="799001",
    email="credit.control@ballycairn.example",
    phone="+353 20 912 0146",
    address=Address(line_1="Dock Road Business Park", line_2="Building 4", city="Limerick", post_code="V94 X0XX", country="IE"),
)
HOTEL = Party(
    name="Glenmoyle House Hotel DAC",
    id="BW-7710",
    vat_id="IE3900022HH",
    address=Address(line_1="Lakeside Drive", city="Westport", post_code="F28 X0XX", country="IE"),
)
LAMPS = Party(
    name="Küstenlicht Leuchten GmbH",
    vat_id="DE277000200",
    legal_id="HRB 990023 Kiel",
    contact_name="Silke Hansen",
    email="buchhaltung@kuestenlicht.example",
    phone="+49 431 23125 88",
    electronic_address="rechnung@kuestenlicht.example",
    electronic_address_scheme="EM",
    address=Address(line_1="Am Leuchtturm 3", city="Kiel", post_code="24103", country="DE"),
)
TOWN = Party(
    name="Stadtwerke Blauendorf",
    id="50021",
    vat_id="DE277000306",
    electronic_address="eingang@stadtwerke-blauendorf.example",
    electronic_address_scheme="EM",
    address=Address(line_1="Marktplatz 1", city="Blauendorf", post_code="17999", country="DE"),
)
CATERING = Party(
    name="Silverbeck Catering Ltd",
    vat_id="GB390001301",
    legal_id="09999937",
    email="office@silverbeck.example",
    phone="+44 117 496 0233",
    address=Address(line_1="2 Mill Walk", city="Bath", post_code="BA1 9QX", country="GB"),
)
