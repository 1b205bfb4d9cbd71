"""Countries that only look-alikes are from: a template names them by their code."""

# ruff: noqa: E501
# A table: one locale reads better in few long lines.

from __future__ import annotations

from training.invoices.locales import LETTER, Locale

ELSEWHERE: tuple[Locale, ...] = (
    Locale(
        "en-IN", "en", "IN", "INR", ("%d/%m/%Y", "%d-%b-%Y", "%d-%b-%y", "%d-%m-%Y", "{day} {month}, %Y"), (",.", ",."),
        ("₹ {}", "₹{}", "Rs. {}", "{}", "INR {}"), ("18", "12", "5", "28", "0"), ("Pvt. Ltd.", "Private Limited", "LLP", "& Sons", "Enterprises"),
        ("Pune -|41####", "Mumbai -|4000##", "Coimbatore -|6410##", "New Delhi -|1100##", "Jaipur, Rajasthan|3020##", "Bengaluru|5600##"),
        "+91 9#### #####", tax="gst", lakhs=True,
    ),
    Locale(
        "en-SG", "en", "SG", "SGD", ("%d/%m/%Y", "%d %b %Y", "{day} {month} %Y", "%d-%b-%Y"), (",.",), ("S${}", "${}", "{}", "SGD {}"), ("9", "0"),
        ("Pte Ltd", "Pte. Ltd.", "LLP"), ("Singapore|######", "SINGAPORE|######"), "+65 6### ####", tax="gst",
    ),
    Locale(
        "en-MY", "en", "MY", "MYR", ("%d/%m/%Y", "%d-%m-%Y", "%d %b %Y"), (",.",), ("RM {}", "RM{}", "{}", "MYR {}"), ("8", "6", "0"),
        ("Sdn Bhd", "Sdn. Bhd.", "Enterprise"), ("Kuala Lumpur|5####", "Petaling Jaya, Selangor|47###", "Georgetown, Penang|1####", "Johor Bahru, Johor|8####"),
        "+60 3-#### ####", tax="gst",
    ),
    Locale(
        "en-ZA", "en", "ZA", "ZAR", ("%Y/%m/%d", "%d/%m/%Y", "{day} {month} %Y", "%d %b %Y"), (" .", ",.", " ,"), ("R {}", "R{}", "{}", "ZAR {}"), ("15", "0"),
        ("(Pty) Ltd", "CC", "(PTY) LTD", "Inc."), ("Cape Town|8###", "Sandton|21##", "Durban|4###", "Bloemfontein|9###"), "+27 ## ### ####", tax="gst",
    ),
    Locale(
        "en-NZ", "en", "NZ", "NZD", ("%d/%m/%Y", "{day} {month} %Y", "%d %b %Y"), (",.", "."), ("${}", "{}", "NZ${}", "NZD {}"), ("15", "0"),
        ("Limited", "Ltd", "(NZ) Limited"), ("Wellington|6###", "Hamilton|3###", "Christchurch|8###", "Dunedin|9###"), "0# ### ####", tax="gst",
    ),
    Locale(
        "en-CA", "en", "CA", "CAD", ("%Y-%m-%d", "{month} {day}, %Y", "%d-%b-%Y", "{mon} {day}, %Y"), (",.", "."), ("${}", "$ {}", "{}", "CAD {}"), ("5", "0"),
        ("Inc.", "Ltd.", "Corp.", "Limited"), ("Calgary, AB|T#P #@#", "Edmonton, AB|T#J #@#", "Whitehorse, YT|Y#A #@#"), "(###) ###-####", 1, "gst", LETTER,
    ),
    Locale(
        "fr-CA", "fr", "CA", "CAD", ("%Y-%m-%d", "{day} {month} %Y", "%d/%m/%Y"), (" ,", "\u00a0,", ","), ("{} $", "{}$", "{}"), ("14.975", "0"), ("inc.", "ltée", "Inc."),
        ("Québec (Québec)|G#R #@#", "Montréal (Québec)|H#T #@#", "Gatineau (Québec)|J#X #@#"), "### ###-####", 1, "gst", LETTER,
    ),
    Locale(
        "es-MX", "es", "MX", "MXN", ("%d/%m/%Y", "%Y-%m-%d", "{day} de {month} de %Y", "%d-%m-%Y"), (",.", ",."), ("${}", "$ {}", "{}", "MXN {}"), ("16", "0"),
        ("S.A. de C.V.", "S. de R.L. de C.V.", "SA de CV"), ("Monterrey, Nuevo León|64###", "Guadalajara, Jalisco|44###", "Puebla, Pue.|72###"), "(##) #### ####", 1, "gst", LETTER,
    ),
    Locale(
        "pt-BR", "pt", "BR", "BRL", ("%d/%m/%Y", "%d/%m/%Y", "{day} de {month} de %Y"), (".,", ".,", ","), ("R$ {}", "R$ {}", "{}"), ("5", "2", "0"),
        ("Ltda", "Ltda.", "ME", "EIRELI", "S.A."), ("São Paulo - SP|0####-###", "Curitiba - PR|8####-###", "Belo Horizonte - MG|3####-###"), "(##) ####-####", tax="gst",
    ),
    Locale(
        "pl-PL", "pl", "PL", "PLN", ("%d.%m.%Y", "%Y-%m-%d", "%d-%m-%Y", "{day} {month} %Y r."), (" ,", "\u00a0,", ","), ("{} zł", "{} PLN", "{}", "{}"), ("23", "8", "5", "0"),
        ("Sp. z o.o.", "sp. z o.o.", "S.A.", "Spółka Jawna", "s.c."), ("Warszawa|##-###", "Kraków|3#-###", "Poznań|6#-###", "Bydgoszcz|8#-###", "Łódź|9#-###"), "+48 ### ### ###",
    ),
    Locale(
        "en-CN", "en", "CN", "USD", ("%Y-%m-%d", "{mon} {day}, %Y", "%d-%b-%Y", "%Y/%m/%d", "%b.%d,%Y"), (",.", ".", ",."), ("USD{}", "US${}", "USD {}", "{}", "${}"), ("0",),
        ("Co., Ltd.", "Co.,Ltd", "Industrial Co., Ltd.", "Imp. & Exp. Co., Ltd."), ("Shenzhen, Guangdong|518###", "Ningbo, Zhejiang|315###", "Yiwu, Zhejiang|322###"),
        "+86 755 #### ####", tax="export",
    ),
    Locale(
        "en-TR", "en", "TR", "EUR", ("%d.%m.%Y", "%d/%m/%Y", "{day} {month} %Y"), (".,", ",."), ("€ {}", "{} €", "EUR {}", "{} EUR", "{}"), ("0",),
        ("Ltd. Şti.", "San. ve Tic. A.Ş."), ("Bursa|16###", "Izmir|35###", "Istanbul|34###", "Denizli|20###"), "+90 212 ### ## ##", tax="export",
    ),
)  # fmt: skip
