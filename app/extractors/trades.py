"""What a shop or a firm does, by the words that names are made of: "Harbour Bakery", "Restaurant Lindenhof"."""

from __future__ import annotations

BEFORE = frozenset(
    "restaurante ristorante trattoria pizzeria osteria cafe caffe cafeteria bar salon hotel backerei konditorei backhaus metzgerei "
    "fleischerei apotheke drogerie gasthaus gasthof tankstelle boulangerie patisserie boucherie pharmacie brasserie bistrot tabac garage "
    "librairie bakkerij slagerij apotheek drogisterij eetcafe pasticceria panificio farmacia ferramenta gelateria macelleria "
    "supermercado supermercados panaderia ferreteria carniceria papeleria libreria pastelaria padaria talho papelaria churrasqueira "
    "mercearia kedai restoran kopitiam perniagaan syarikat pasaraya pasar farmasi klinik bengkel".split()
)
"""Words that come before a proper name, as in most languages but English."""
BEHIND = frozenset(
    "enterprise enterprises trading hardware marketing holdings services industries industry store stores mart minimart hypermarket "
    "supermarket market bakery confectionery pharmacy electrical electronics stationery supplies supply catering food foods beverage "
    "beverages group international corporation motor motors grocer grocers grocery diner grill kitchen coffee tailoring gallery "
    "optical clinic realty resources restaurant restaurants shop centre center department books book fuels inn pub "
    "handels vertriebs handelsgesellschaft baumarkt markt gastronomie betriebs warenhaus tuincentrum supermarkt horeca "
    "distribution restauration marche distribuzione ristorazione hosteleria alimentacion distribuciones perusahaan".split()
)
"""Words that come behind it, or between it and the legal form."""
TRADES = BEFORE | BEHIND
