"""What documents that are no invoice call themselves, and what only they say, in eight languages: en de fr nl it es pt pl.

Spellings are as `parsing.plain` leaves them; `;` separates them. A title counts only where titles stand; a saying counts anywhere, so it
must be one that no invoice has. German and Dutch compounds are words of their own here.
"""

from __future__ import annotations

from dataclasses import dataclass

INVOICE_TITLES = (
    "invoice;tax invoice;vat invoice;commercial invoice;proforma invoice;pro forma invoice;credit note;credit memo;credit invoice;bill;"
    "cancellation invoice;credit slip;"
    "rechnung;gutschrift;rechnungskorrektur;korrekturrechnung;stornorechnung;rechnungsstorno;storno;schlussrechnung;abschlagsrechnung;teilrechnung;"
    "anzahlungsrechnung;sammelrechnung;proformarechnung;honorarrechnung;monatsrechnung;jahresrechnung;handwerkerrechnung;"
    "facture;avoir;note de credit;facture d avoir;facture d acompte;note d honoraires;note d avoir;"
    "factuur;creditfactuur;creditnota;voorschotfactuur;proformafactuur;verzamelfactuur;"
    "fattura;nota di credito;parcella;nota credito;nota di accredito;nota accredito;"
    "factura;nota de credito;abono;nota de abono;factura rectificativa;factura simplificada;"
    "fatura;nota de credito;fatura recibo;factura recibo;fatura simplificada;"
    "faktura;faktura vat;faktura korygujaca;faktura zaliczkowa;faktura proforma;fakturan;kreditfaktura;kreditnota"
)
"""Longest first where one is part of another: "credit note" is no "note"."""


@dataclass(frozen=True, slots=True)
class OtherKind:
    """`name`: for people, with its article. `priced`: it may have prices, tax and totals, as an offer has. `lists`: it names other
    invoices, so that an invoice's number on it is not its own."""

    name: str
    titles: str
    sayings: str = ""
    priced: bool = False
    lists: bool = False


OTHER_KINDS: dict[str, OtherKind] = {
    "delivery_note": OtherKind(
        "a delivery note",
        "delivery note;delivery docket;delivery slip;delivery order;delivery receipt;despatch note;dispatch note;packing list;packing slip;"
        "goods received note;proof of delivery;shipping note;goods delivery note;"
        "lieferschein;warenbegleitschein;packliste;packzettel;ablieferbeleg;versandschein;"
        "bon de livraison;bordereau de livraison;liste de colisage;bordereau d expedition;"
        "pakbon;leverbon;afleverbon;vrachtbrief;paklijst;"
        "documento di trasporto;bolla di consegna;ddt;lista di imballaggio;bolla di accompagnamento;"
        "albaran;albaran de entrega;nota de entrega;lista de empaque;packing;remito;"
        "guia de remessa;guia de transporte;nota de entrega;lista de embalagem;"
        "dowod dostawy;list przewozowy;wydanie zewnetrzne;dokument wz;specyfikacja wysyłkowa;folgeseddel;følgeseddel;följesedel;pakkseddel",
        "received in good condition;goods received by;received the goods;ware erhalten;ware ordnungsgemass erhalten;empfang bestatigt;"
        "ware in einwandfreiem zustand;recu en bon etat;marchandise recue;goederen ontvangen;in goede staat ontvangen;voor ontvangst;"
        "aspetto esteriore dei beni;causale del trasporto;trasporto a cura;firma del conducente;recibi conforme;mercancia recibida;"
        "recebi conforme;mercadoria recebida;local de carga;towar odebrał;towar otrzymałem;received by name;recibido por;"
        "backordered;qty shipped;quantity shipped;quantity delivered;quantity ordered;"
        "gelieferte menge;quantite livree;geleverd aantal;quantita consegnata;cantidad entregada",
        priced=True,
    ),
    "purchase_order": OtherKind(
        "an order",
        "purchase order;order form;standard purchase order;work order;purchase requisition;"
        "bestellung;bestellschein;bestellformular;einkaufsbestellung;"
        "bon de commande;commande;commande d achat;commande fournisseur;"
        "inkooporder;bestelbon;bestelling;bestelformulier;inkoopopdracht;"
        "ordine di acquisto;ordine d acquisto;ordine a fornitore;buono d ordine;ordine fornitore;"
        "orden de compra;pedido;pedido de compra;hoja de pedido;"
        "nota de encomenda;ordem de compra;pedido de compra;encomenda;"
        "zamowienie;zamowienie zakupu;indkøbsordre;innkjøpsordre;inkopsorder;bestilling",
        "please supply;please deliver;please confirm receipt of this order;please send your invoice;please quote this order number;"
        "order number must appear;this order is subject to;authorised by;authorized by;authorized signature;requested by;"
        "wir bestellen;hiermit bestellen wir;bitte liefern sie;bitte bestatigen sie;senden sie ihre rechnung;"
        "nous vous commandons;veuillez livrer;veuillez nous livrer;adressez votre facture;merci de nous livrer;"
        "hierbij bestellen wij;wij bestellen;gelieve te leveren;stuur uw factuur;"
        "vi ordiniamo;con la presente ordiniamo;inviare la fattura;vogliate fornirci;"
        "les rogamos;sirvanse suministrar;rogamos nos suministren;envie su factura;envien su factura;"
        "agradecemos o fornecimento;solicitamos o fornecimento;enviar a fatura;"
        "zamawiamy;prosimy o dostawe;prosimy o dostarczenie",
        priced=True,
    ),
    "order_confirmation": OtherKind(
        "an order confirmation",
        "order confirmation;confirmation of order;sales order;order acknowledgement;order acknowledgment;booking confirmation;"
        "sales order confirmation;"
        "auftragsbestatigung;bestellbestatigung;buchungsbestatigung;reservierungsbestatigung;"
        "confirmation de commande;accuse de reception de commande;confirmation de reservation;"
        "orderbevestiging;opdrachtbevestiging;bestelbevestiging;boekingsbevestiging;"
        "conferma d ordine;conferma ordine;conferma di ordine;conferma di prenotazione;"
        "confirmacion de pedido;confirmacion del pedido;confirmacion de reserva;"
        "confirmacao de encomenda;confirmacao de pedido;confirmacao da encomenda;confirmacao de reserva;"
        "potwierdzenie zamowienia;ordrebekræftelse;ordrebekreftelse;orderbekraftelse;orderbekreftelse",
        "we confirm your order;thank you for your order;we have received your order;your order has been received;"
        "wir bestatigen ihren auftrag;"
        "bestatigen wir ihre bestellung;vielen dank fur ihre bestellung;wir danken fur ihren auftrag;nous confirmons votre commande;"
        "nous vous remercions de votre commande;wij bevestigen uw bestelling;bedankt voor uw bestelling;wij danken u voor uw opdracht;"
        "confermiamo il vostro ordine;confirmamos su pedido;gracias por su pedido;confirmamos a sua encomenda;"
        "agradecemos a sua encomenda;potwierdzamy zamowienie;dziekujemy za zamowienie;expected delivery;expected dispatch",
        priced=True,
    ),
    "quote": OtherKind(
        "an offer",
        "quotation;quote;price quotation;sales quote;estimate;cost estimate;proposal;offer;price offer;"
        "angebot;kostenvoranschlag;preisangebot;offerte;kostenschatzung;"
        "devis;offre de prix;proposition commerciale;devis estimatif;offre;"
        "offerte;prijsopgave;prijsofferte;kostenraming;"
        "preventivo;offerta;preventivo di spesa;offerta commerciale;"
        "presupuesto;cotizacion;oferta;oferta comercial;"
        "orcamento;cotacao;proposta comercial;proposta;"
        "oferta handlowa;oferta;wycena;kosztorys;tilbud;offert",
        "valid until;valid for;this quotation is valid;this offer is valid;offer valid;quote valid;we are pleased to offer;"
        "we are pleased to quote;to accept this quotation;to accept this quote;accepted by;"
        "gultig bis;an dieses angebot;halten wir uns gebunden;freibleibend;wir bieten ihnen an;bieten wir ihnen;das angebot ist gultig;"
        "devis valable;offre valable;valable jusqu au;bon pour accord;duree de validite;"
        "geldig tot;deze offerte is geldig;offerte is geldig;voor akkoord;vrijblijvend;wij bieden u;"
        "valido fino al;offerta valida;validita dell offerta;per accettazione;"
        "valido hasta;presupuesto valido;validez de la oferta;conforme y aceptado;aceptacion del presupuesto;"
        "valido ate;proposta valida;orcamento valido;validade da proposta;"
        "oferta wazna do;oferta jest wazna;wazna do;termin waznosci oferty",
        priced=True,
    ),
    "payment_advice": OtherKind(
        "a payment advice",
        "payment advice;remittance advice;remittance;advice of payment;payment notification;payment confirmation;payment remittance;"
        "bacs remittance advice;remittance statement;"
        "zahlungsavis;zahlungsanzeige;zahlungsmitteilung;uberweisungsavis;avis;zahlungsbestatigung;"
        "avis de paiement;avis de virement;avis de reglement;bordereau de paiement;confirmation de paiement;"
        "betalingsadvies;betaalspecificatie;betaaladvies;betalingsspecificatie;betalingsbevestiging;"
        "avviso di pagamento;avviso di bonifico;distinta di pagamento;conferma di pagamento;"
        "aviso de pago;notificacion de pago;aviso de transferencia;relacion de pagos;"
        "aviso de pagamento;aviso de transferencia;nota de pagamento;"
        "awizo płatnosci;awizo płatnicze;zawiadomienie o płatnosci;specyfikacja płatnosci;betalingsadvis;betalningsavi",
        "our payment of;advising you of our payment;we have paid;payment has been made;payment was made;will be credited to your account;"
        "credited to your account;have transferred the following;invoices paid;amount paid;paid invoices;"
        "wir haben folgende rechnungen;haben wir uberwiesen;uberweisen wir;wir uberweisen;in unserem auftrag uberwiesen;zahlen wir;"
        "nous vous informons du reglement;nous avons regle;nous avons procede au paiement;virement effectue;reglement de vos factures;"
        "wij hebben de volgende facturen;hebben wij betaald;hebben wij overgemaakt;wordt overgemaakt;"
        "abbiamo pagato;abbiamo disposto il bonifico;abbiamo provveduto al pagamento;"
        "hemos realizado el pago;hemos procedido al pago;le informamos del pago;hemos abonado;"
        "procedemos ao pagamento;efetuamos o pagamento;informamos que foi efetuado;"
        "informujemy o dokonaniu;dokonalismy płatnosci;dokonalismy przelewu",
        lists=True,
    ),
    "reminder": OtherKind(
        "a reminder",
        "payment reminder;reminder;final reminder;overdue notice;final notice;past due notice;dunning notice;dunning letter;"
        "overdue payment reminder;"
        "mahnung;zahlungserinnerung;letzte mahnung;erste mahnung;zweite mahnung;"
        "rappel;lettre de rappel;rappel de paiement;mise en demeure;relance;lettre de relance;"
        "betalingsherinnering;herinnering;aanmaning;laatste aanmaning;"
        "sollecito;sollecito di pagamento;"
        "recordatorio de pago;reclamacion de pago;requerimiento de pago;aviso de impago;"
        "lembrete de pagamento;aviso de cobranca;carta de cobranca;"
        "wezwanie do zapłaty;przypomnienie o płatnosci;ponaglenie;rykker;purring;paminnelse;betalningspaminnelse",
        "has not yet been paid;have not yet received;not received your payment;is now overdue;is overdue;remains unpaid;remain unpaid;"
        "if you have already paid;if payment has already been made;please disregard this reminder;days overdue;"
        "noch nicht beglichen;noch keinen zahlungseingang;konnten wir keinen zahlungseingang;mahngebuhr;mahngebuhren;mahnstufe;"
        "bereits bezahlt haben;gegenstandslos;uberfallig;"
        "reste impayee;restent impayees;sauf erreur;n avons pas recu votre reglement;demeure impayee;"
        "nog niet ontvangen;nog geen betaling;nog openstaand;aanmaningskosten;al betaald heeft;"
        "risulta non pagata;risultano insolute;non abbiamo ricevuto;ancora insoluta;"
        "no hemos recibido;pendiente de pago;sigue pendiente;si ya ha realizado el pago;"
        "ainda nao recebemos;encontra se por liquidar;em atraso;"
        "nie otrzymalismy;nie odnotowalismy;zaległosc;zaległosci;po terminie płatnosci",
        lists=True,
    ),
    "statement": OtherKind(
        "a statement of account",
        "statement of account;account statement;statement of accounts;bank statement;customer statement;monthly account statement;"
        "kontoauszug;kontoubersicht;saldenliste;offene posten liste;saldenbestatigung;offene posten;kontoblatt;"
        "releve de compte;releve bancaire;releve client;extrait de compte;"
        "rekeningoverzicht;rekeningafschrift;saldo overzicht;openstaande posten;"
        "estratto conto;estratto conto cliente;"
        "extracto de cuenta;estado de cuenta;extracto bancario;"
        "extrato de conta;extrato bancario;extrato conta corrente;conta corrente;"
        "wyciag bankowy;wyciag z rachunku;zestawienie sald;potwierdzenie salda;kontoudtog;kontoutdrag;kontoutskrift",
        "opening balance;closing balance;balance brought forward;30 days 60 days 90 days;over 90 days;anfangssaldo;endsaldo;alter saldo;"
        "neuer saldo;solde initial;solde final;ancien solde;nouveau solde;beginsaldo;eindsaldo;saldo iniziale;saldo finale;saldo inicial;"
        "saldo final;saldo anterior;saldo poczatkowe;saldo koncowe;running balance",
        lists=True,
    ),
    "payslip": OtherKind(
        "a payslip",
        "payslip;pay slip;pay statement;salary slip;wage slip;earnings statement;pay stub;salary statement;"
        "gehaltsabrechnung;lohnabrechnung;entgeltabrechnung;lohnzettel;verdienstabrechnung;bezugemitteilung;entgeltnachweis;"
        "bulletin de paie;bulletin de salaire;fiche de paie;fiche de salaire;"
        "loonstrook;salarisstrook;salarisspecificatie;loonspecificatie;"
        "busta paga;cedolino;cedolino paga;prospetto paga;"
        "nomina;recibo de salarios;recibo de nomina;hoja de salario;"
        "recibo de vencimento;recibo de ordenado;recibo de vencimentos;recibo de remuneracoes;"
        "lista płac;odcinek płacowy;pasek wynagrodzen;pasek płacowy;lønseddel;lonespecifikation;lønnsslipp",
        "gross pay;net pay;national insurance;employee number;employee no;pay period;year to date;taxable pay;basic salary;"
        "sozialversicherung;lohnsteuer;personalnummer;krankenversicherung;rentenversicherung;auszahlungsbetrag;steuerklasse;bruttolohn;"
        "nettolohn;salaire brut;net imposable;cotisations;cotisations salariales;salaire de base;brutoloon;nettoloon;loonheffing;"
        "bijzonder tarief;retribuzione;netto in busta;irpef;contributi inps;matricola inps;salario base;liquido a percibir;"
        "total devengado;total a deducir;contingencias comunes;vencimento base;seguranca social;liquido a receber;"
        "wynagrodzenie zasadnicze;składki;do wypłaty;zaliczka na podatek",
        priced=True,
    ),
    "cv": OtherKind(
        "a curriculum vitae",
        "curriculum vitae;resume;cv;lebenslauf;levensloop;curriculum;hoja de vida;zyciorys",
        "work experience;professional experience;employment history;education;skills;languages spoken;personal profile;"
        "references available;"
        "berufserfahrung;ausbildung;sprachkenntnisse;kenntnisse;beruflicher werdegang;experience professionnelle;formation;competences;"
        "werkervaring;opleiding;opleidingen;vaardigheden;esperienza professionale;esperienze lavorative;istruzione;competenze;"
        "experiencia laboral;experiencia profesional;formacion academica;idiomas;experiencia profissional;formacao academica;"
        "competencias;doswiadczenie zawodowe;wykształcenie;umiejetnosci;achievements;certifications;languages;interests;hobbies",
    ),
    "bill_of_lading": OtherKind(
        "a transport document",
        "bill of lading;sea waybill;air waybill;waybill;consignment note;cmr;house bill of lading;ocean bill of lading;"
        "konnossement;frachtbrief;ladeschein;seefrachtbrief;luftfrachtbrief;"
        "connaissement;lettre de voiture;lettre de transport aerien;"
        "cognossement;zeevrachtbrief;polizza di carico;lettera di vettura;"
        "conocimiento de embarque;carta de porte;conhecimento de embarque;konosament;list przewozowy",
        "shipper;consignee;notify party;port of loading;port of discharge;place of delivery;place of receipt;ocean vessel;vessel;"
        "shipped on board;freight collect;freight prepaid;marks and numbers;verladehafen;loschhafen;port de chargement;"
        "port de dechargement;porto di carico;porto di scarico;puerto de carga;puerto de descarga;porto de embarque;laadhaven;loshaven;"
        "port załadunku;port wyładunku",
    ),
    "contract": OtherKind(
        "a contract",
        "contract;agreement;service agreement;lease agreement;framework agreement;non disclosure agreement;employment contract;"
        "rental agreement;licence agreement;license agreement;"
        "vertrag;dienstleistungsvertrag;mietvertrag;rahmenvertrag;arbeitsvertrag;kaufvertrag;werkvertrag;wartungsvertrag;"
        "contrat;contrat de prestation;contrat de location;contrat de travail;convention;contrat de service;"
        "overeenkomst;contract;huurovereenkomst;arbeidsovereenkomst;raamovereenkomst;"
        "contratto;contratto di locazione;contratto di fornitura;contratto di lavoro;"
        "contrato;contrato de arrendamiento;contrato de servicios;contrato de trabajo;"
        "contrato de prestacao de servicos;contrato de arrendamento;contrato de trabalho;"
        "umowa;umowa najmu;umowa o prace;umowa zlecenie;umowa o dzieło;umowa sprzedazy",
        "hereinafter;the parties agree;governing law;in witness whereof;entered into;this agreement;terminate this agreement;"
        "nachfolgend;vertragspartner;vertragsparteien;die parteien vereinbaren;gegenstand des vertrages;schriftform;"
        "ci apres;les parties conviennent;ont convenu;article 1;hierna te noemen;partijen komen overeen;verklaren te zijn overeengekomen;"
        "di seguito;le parti convengono;si conviene;en adelante;las partes acuerdan;reunidos;doravante;as partes acordam;"
        "zwany dalej;zwana dalej;strony ustalaja;przedmiot umowy;przedmiotem umowy",
    ),
    "report": OtherKind(
        "a report or a list",
        "report;inventory report;inventory;stock list;price list;timesheet;time sheet;minutes;certificate;questionnaire;data sheet;"
        "bericht;inventarliste;preisliste;stundenzettel;stundennachweis;protokoll;bescheinigung;tatigkeitsnachweis;leistungsnachweis;"
        "rapport;inventaire;liste de prix;feuille de temps;compte rendu;attestation;releve d heures;tarif;"
        "verslag;voorraadlijst;prijslijst;urenstaat;urenverantwoording;notulen;"
        "relazione;rapporto;inventario;listino prezzi;listino;foglio ore;verbale;certificato;"
        "informe;inventario;lista de precios;parte de horas;acta;certificado;hoja de horas;"
        "relatorio;lista de precos;folha de horas;ata;certidao;"
        "raport;inwentaryzacja;cennik;karta czasu pracy;protokoł;zaswiadczenie;sprawozdanie",
        priced=True,
    ),
    "terms": OtherKind(
        "general terms",
        "general terms and conditions;terms and conditions;general terms;terms of sale;terms of delivery;terms and conditions of sale;"
        "conditions of sale;general conditions of sale;"
        "allgemeine geschaftsbedingungen;geschaftsbedingungen;agb;verkaufsbedingungen;lieferbedingungen;allgemeine lieferbedingungen;"
        "zahlungs und lieferbedingungen;widerrufsbelehrung;"
        "conditions generales;conditions generales de vente;cgv;conditions generales d utilisation;"
        "algemene voorwaarden;leveringsvoorwaarden;verkoopvoorwaarden;algemene verkoopvoorwaarden;"
        "condizioni generali;condizioni generali di vendita;termini e condizioni;"
        "condiciones generales;condiciones generales de venta;terminos y condiciones;"
        "condicoes gerais;condicoes gerais de venda;termos e condicoes;"
        "ogolne warunki;ogolne warunki sprzedazy;warunki sprzedazy;regulamin",
        "these terms;these conditions;retention of title;place of jurisdiction;limitation of liability;warranty;force majeure;"
        "passing of risk;eigentumsvorbehalt;gerichtsstand;gefahrubergang;haftung;gewahrleistung;mangelruge;reserve de propriete;"
        "tribunal competent;tribunaux competents;responsabilite;eigendomsvoorbehoud;bevoegde rechter;aansprakelijkheid;overmacht;"
        "riserva di proprieta;foro competente;responsabilita;forza maggiore;reserva de dominio;jurisdiccion;responsabilidad;"
        "reserva de propriedade;foro competente;zastrzezenie własnosci;własciwosc sadu;odpowiedzialnosc;siła wyzsza",
    ),
    "letter": OtherKind(
        "a letter",
        "",
        "dear;dear sir;dear madam;dear sir or madam;dear sirs;to whom it may concern;yours sincerely;yours faithfully;"
        "kind regards;best regards;"
        "best wishes;sincerely;with kind regards;subject;"
        "sehr geehrte;sehr geehrter;sehr geehrte damen und herren;mit freundlichen grussen;mit freundlichem gruss;freundliche grusse;"
        "liebe;lieber;hochachtungsvoll;betreff;"
        "madame monsieur;madame;monsieur;cher;chere;veuillez agreer;salutations distinguees;cordialement;objet;"
        "geachte heer;geachte mevrouw;geachte;beste;met vriendelijke groet;met vriendelijke groeten;hoogachtend;betreft;onderwerp;"
        "egregio;gentile;gentili;spettabile;distinti saluti;cordiali saluti;oggetto;"
        "estimado;estimada;estimados;muy senor mio;atentamente;un cordial saludo;saludos cordiales;asunto;"
        "exmo senhor;exma senhora;prezado;prezada;com os melhores cumprimentos;atenciosamente;cumprimentos;assunto;"
        "szanowni panstwo;szanowny panie;szanowna pani;z powazaniem;z wyrazami szacunku;dotyczy",
    ),
}
