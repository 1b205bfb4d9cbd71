"""Made-up till receipts in ten languages, as a till prints them: letters of one width, nothing beside another but the amounts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Till:
    name: str
    text: str
    seller: str
    date: str
    total: str
    currency: str | None
    tax: str | None = None


TILLS = (
    Till(
        "english_rounded_to_five",
        """
     KEDAI BINTANG JAYA SDN BHD
            (551902-H)
       NO 8, JALAN MERANTI 3,
         81300 SKUDAI, JOHOR
          TEL: 07-555 1290
       GST NO: 001234567800

            TAX INVOICE
Receipt No: 01-77291
Date: 14/02/2018 18:22:07
Cashier: AMIRAH

LED BULB 9W            2    15.92
BUCKET 12L             1     8.40
Sub Total                   24.32
Rounding Adj                -0.02
TOTAL                 RM    24.30
CASH                  RM    50.00
CHANGE                RM    25.70
GST Summary    Amount     Tax
SR 6%           22.94    1.38
        THANK YOU
   PLEASE COME AGAIN
""",
        "KEDAI BINTANG JAYA SDN BHD",
        "2018-02-14",
        "24.30",
        "MYR",
        "1.38",
    ),
    Till(
        "german",
        """
       Backhaus Sonnentau GmbH
           Lindenweg 12
          50999 Koeln
       USt-IdNr. DE136695976

Roggenbrot             3,40 EUR A
4x Broetchen           1,60 EUR A
Kaffee                 2,80 EUR B
---------------------------------
SUMME EUR                    7,80
Bar                         10,00
Rückgeld                     2,20

A 7%   Netto 4,67   MwSt 0,33
Bediener 3     21.03.2024 08:14
        Vielen Dank!
""",
        "Backhaus Sonnentau GmbH",
        "2024-03-21",
        "7.80",
        "EUR",
    ),
    Till(
        "french_by_card",
        """
        CAVE DU VIEUX LAVOIR
        3 place du Marché
          21000 DIJON
        Tél 03 80 11 22 33

Ticket 004417   Caisse 2
06/05/23  17:41

Aligoté 2021            11,90
Crémant brut            14,50
TOTAL TTC               26,40 €
Carte bancaire          26,40
dont TVA 20%  22,00      4,40
        Merci, à bientôt
""",
        "CAVE DU VIEUX LAVOIR",
        "2023-05-06",
        "26.40",
        "EUR",
        "4.40",
    ),
    Till(
        "dutch",
        """
     Groenmarkt De Wilg B.V.
     Havenstraat 9
     1211 KL Hilversum
     BTW-nr NL004495445B01

Kassa 4   Kassamedewerker Ilse
12-10-2023 16:05

Appels Elstar           2,79
Boerenkaas              6,45
Totaal                  9,24
Contant                20,00
Wisselgeld             10,76
BTW 9%  8,48            0,76
   Bedankt en tot ziens
""",
        "Groenmarkt De Wilg B.V.",
        "2023-10-12",
        "9.24",
        None,
        "0.76",
    ),
    Till(
        "italian",
        """
     PASTICCERIA LUNA ROSSA SRL
     Via Garibaldi 18
     10122 Torino
     P.IVA 00743110157

DOCUMENTO COMMERCIALE
Caffè                    1,30
Brioche                  1,60
TOTALE COMPLESSIVO       2,90
di cui IVA               0,26
Contanti                 5,00
Resto                    2,10
09/09/2023 07:52   Cassa 1
        Grazie
""",
        "PASTICCERIA LUNA ROSSA SRL",
        "2023-09-09",
        "2.90",
        None,
    ),
    Till(
        "spanish",
        """
      FERRETERIA EL TORNILLO SL
      Calle Mayor 44
      31001 Pamplona
      NIF B58378431

Factura simplificada 2211
Fecha 30/01/2024 12:20
Caja 02   Le atendió: Nuria

Taladro                 49,95
Brocas juego            12,05
TOTAL                   62,00 EUR
Efectivo                70,00
Cambio                   8,00
IVA 21%  51,24          10,76
      Gracias por su visita
""",
        "FERRETERIA EL TORNILLO SL",
        "2024-01-30",
        "62.00",
        "EUR",
        "10.76",
    ),
    Till(
        "portuguese",
        """
      PADARIA SOL NASCENTE LDA
      Rua do Carmo 7
      4050-164 Porto
      NIF 501964843

Fatura simplificada FS 12/881
2023-11-18 10:31  Caixa 1

Pão de água              0,90
Galão                    1,35
Total                    2,25
Numerário                5,00
Troco                    2,75
      Obrigado
""",
        "PADARIA SOL NASCENTE LDA",
        "2023-11-18",
        "2.25",
        None,
    ),
    Till(
        "latvian",
        """
          SIA ZALA BIRZE
     Jur. adrese: Ozolu iela 4, Liepaja
          Kase Nr. 02
   PVN maksataja numurs: LV40003999991
----------- Čeks -----------
Rupjmaize 700g
 2 gab X 1,35 EUR        2,70 A
Piens 2,5% 1l
 1 gab X 1,09 EUR        1,09 A
Samaksai EUR             3,79

Nodoklis   Ar PVN  Bez PVN    PVN
A 21,00 %    3,79     3,13   0,66
Skaidra nauda            5,00
Atlikums                 1,21
Dok. Nr.: 118/20417 Kase 0002
  2025-03-14 17:05:31
""",
        "SIA ZALA BIRZE",
        "2025-03-14",
        "3.79",
        "EUR",
        "0.66",
    ),
    Till(
        "polish",
        """
    PIEKARNIA POD LIPĄ SP. Z O.O.
       ul. Kwiatowa 12
       31-002 Kraków
       NIP 677-123-45-67
2024-05-21               nr wydr. 00812
       PARAGON FISKALNY
Chleb żytni      1 x 6,80    6,80C
Bułka            4 x 1,10    4,40C
SUMA PLN                    11,20
Gotówka                     20,00
Reszta                       8,80
Kasa 1  Kasjer Anna       08:41
       Dziękujemy
""",
        "PIEKARNIA POD LIPĄ SP. Z O.O.",
        "2024-05-21",
        "11.20",
        "PLN",
    ),
    Till(
        "swedish",
        """
       BJÖRKENS LIVS AB
       Storgatan 8
       412 55 Göteborg
       Org.nr 556677-8899
Kvitto 20417    Kassa 2
2024-02-03 18:12

Knäckebröd              28,90
Mjölk 1,5 l             19,50
SUMMA SEK               48,40
Kontant                 50,00
Växel                    1,60
Moms 12%  43,21          5,19
      Tack
""",
        "BJÖRKENS LIVS AB",
        "2024-02-03",
        "48.40",
        "SEK",
        "5.19",
    ),
)
"""`currency` None: the receipt does not say."""
