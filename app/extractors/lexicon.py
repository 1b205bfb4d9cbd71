"""The words that invoices use for things, in seven languages: `CUES` maps what a word hints at to its spellings.

A label is read as the set of cues in it, not as a phrase: "Total excl. VAT", "Totaal exclusief btw" and "Total HT" all hold TOTAL and
WITHOUT. German and Dutch compounds are taken apart first (`HEADS`). Spellings are as `parsing.plain` leaves them; `;` separates them.
"""

from __future__ import annotations

from enum import Enum, auto


class Cue(Enum):
    __hash__ = object.__hash__  # members are single: the identity will do, and is quicker

    # documents and what identifies them
    INVOICE = auto()
    CREDIT = auto()
    RECEIPT = auto()
    NO_INVOICE = auto()
    NUMBER = auto()
    DATE = auto()
    OF = auto()
    REFERENCE = auto()
    RELATED = auto()
    ORDER = auto()
    PURCHASE = auto()
    SALES = auto()
    OFFER = auto()
    CUSTOMER = auto()
    CONTRACT = auto()
    DELIVERY = auto()
    DELIVERY_NOTE = auto()
    PERIOD = auto()
    TERMS = auto()
    UNTIL = auto()
    COLLECTED = auto()
    FALL_DUE = auto()
    OTHER_DATE = auto()
    TAX_POINT = auto()
    # parties
    SELLER = auto()
    BUYER = auto()
    SHIP_TO = auto()
    OTHER_PARTY = auto()
    PAYEE = auto()
    HOLDER = auto()  # of an account: the sender's at the bank, else the customer's
    CONTACT = auto()
    NAME = auto()
    # numbers that are no invoice number
    TAX_NUMBER = auto()
    VAT_NUMBER = auto()
    IBAN = auto()
    BIC = auto()
    ACCOUNT = auto()
    BANK = auto()
    REGISTER = auto()
    PHONE = auto()
    ARTICLE = auto()
    PAGE = auto()
    YOUR = auto()
    OUR = auto()
    # money
    TOTAL = auto()
    GRAND = auto()
    SUBTOTAL = auto()
    WITHOUT = auto()
    WITH = auto()
    TAX = auto()
    BASE = auto()
    SHARE_OF = auto()
    PAYABLE = auto()
    PAYMENT = auto()
    PAID = auto()
    DISCOUNT = auto()
    CHARGE = auto()
    ROUNDING = auto()
    CARRIED = auto()
    WITHHELD = auto()
    UNIT_MONEY = auto()
    CAPITAL = auto()
    CURRENCY = auto()


CUES: dict[Cue, str] = {
    Cue.INVOICE: (
        "faktury;bilag;bilags;boekstuk;faktuur;notanr;rgnr;serial no of invoice;serial number of invoice;serie y folio;"
        "serie folio;"
        "facture de solde;fattura a saldo;fattura di saldo;factura de saldo;notadatum;notanummer;"
        "lasku;szamla;racun;"
        "declaratie;note d honoraires;note de frais et honoraires;honorarnote;honorarrechnung;kostennote;kostenrechnung;fee note;"
        "facture de vente;factura de venta;fattura di vendita;fatura de venda;minuta;parcella;faktura vat;faktur;fakturan;invoice;inv;"
        "tax invoice;vat invoice;sales invoice;bill;statement;rechnung;rechnungs;beleg;"
        "belegs;faktura;fakturierungs;facture;fact;facturation;factuur;fattura;fatt;factura;fatura;fra;nota fiscal;document;"
        "dokument;documento;pro forma;proforma;n de piece;no de piece;numero de piece;piece n"
    ),
    Cue.CREDIT: (
        "nota di accredito;nota accredito;kreditnota;kreditfaktura;faktura korygujaca;credit note;credit memo;credit invoice;creditnote;"
        "gutschrift;gutschrifts;"
        "rechnungskorrektur;rechnungs korrektur;korrekturrechnung;stornorechnung;storno;avoir;facture d avoir;note de credit;"
        "creditnota;creditfactuur;credit factuur;nota di credito;nota de credito;abono;factura rectificativa;factura de abono;"
        "nota credito;nota di accredito;nota accredito;nota de abono;note d avoir;rechnungsstorno;gutschriftsanzeige;creditbon;"
        "cancellation invoice;credit slip;credit advice"
    ),
    Cue.RECEIPT: (
        "receipt;quittung;kassenbon;kassenbeleg;recu;ticket;kassabon;bon;ricevuta;scontrino;recibo;cash sale;ticket de caisse;"
        "talao;simplified invoice;factura simplificada;fatura simplificada;cash sales;cash bill;"
        "documento commerciale;klantticket;kundenbeleg"
    ),
    Cue.NO_INVOICE: (
        "delivery note;packing list;packing slip;lieferschein;bon de livraison;pakbon;quotation;quote;angebot;devis;offerte;"
        "preventivo;presupuesto;orcamento;purchase order;bestellung;bon de commande;remittance advice;payment advice;"
        "bill of lading;curriculum vitae;resume;order confirmation;auftragsbestatigung;zahlungsavis;avis de paiement;"
        "account statement;bank statement;kontoauszug;payslip;inventory;orden de compra;ordine d acquisto;albaran;"
        "documento di trasporto;guia de remessa;payment order"
    ),
    Cue.NUMBER: (
        "notanr;rgnr;serial no of invoice;serial number of invoice;serie y folio;serie folio;"
        "notanummer;folio;numer;number;no;nr;nro;num;numero;nummer;n;nrs;#;id;ndeg;identifier;code;codice;codigo;cod;kennung"
    ),
    Cue.DATE: (
        "fecha de expedicion;fecha expedicion;expedicion;ausstellungstag;ausstellungs;ausgestellt;"
        "issued;raised on;submitted on;udstedt;udstedelses;utstedelses;utfardad;utfardat;wystawiona dnia;wystawiona;data wyst;"
        "emise en date du;"
        "notadatum;dated;wystawiono dnia;wystawiono;"
        "emise le;emis le;etablie le;etabli le;emitida el;emitida em;emessa il;emesso il;ausgestellt am;issued on;expedida el;"
        "uitgegeven op;opgemaakt op;opgemaakt;dato;dzien;data wystawienia;wystawienia;date;datum;data;fecha;dag;datums"
    ),
    Cue.OF: ("z dnia;av den;z dnia;av den;vom;of;dt;du;del;van;den;le;lo;de fecha;in data;datiert;gedateerd;d d"),
    Cue.REFERENCE: (
        "reference;referenz;ref;refs;references;zeichen;referencia;riferimento;rif;kenmerk;betreff;objet;oggetto;asunto;"
        "verwendungszweck;betalingskenmerk;causale;concepto de pago;mededeling;payment reference;referentie"
    ),
    Cue.RELATED: (
        "prochaine facture;next invoice;nachste rechnung;volgende factuur;prossima fattura;proxima factura;proxima fatura;"
        "credits invoice;credited invoice;fur rechnung;creditering van factuur;"
        "bezug faktura;bezug rechnung;bezugsrechnung;"
        "sur facture;op factuur;for invoice;storno della fattura;associee;associe;original;originale;ursprung;ursprungs;ursprungsbeleg;"
        "origine;document d origine;doc d origine;source document;"
        "related;preceding;previous;prior;vorherige;"
        "corrected;corrigee;rectifie;oorspronkelijke;originaria;rectificada;reklamations;reclamation;last invoice;last bill;"
        "avoir sur facture;zu rechnung;zur rechnung;su fattura;sobre factura;sobre fatura;referente a;"
        "refers to;relates to"
    ),
    Cue.ORDER: "order;ord;ordre;orden;ordem;bestelling;bestel",
    Cue.PURCHASE: (
        "einkaufsbestellnummer;einkaufs bestellung;kunden bestellung;"
        "zamowienia;zamowieniem;zam;inkops;inkop;inkopsorder;er order;ert ordernr;ert order nr;ert ordernummer;er bestallning;"
        "bestallning;bestallnings;indkøbs;indkøbsordre;innkjøps;rekvisition;rekvisitions;jeres ordre;deres ordre;kundenbestell;"
        "abruf;einkaufsbestellung;einkaufsbestell;opdrachtnummer klant;opdracht nummer klant;"
        "ordrenr;ordernr;innkjøpsordre;zamowienie;zamówienie;purchase order;purchase;po;p o;bestell;bestellung;bestellungs;"
        "commande;commandes;bc #;bc n;n bc;n cde;cde;bon de commande;bestelling;bestel;inkoop;inkooporder;ordine;"
        "ordine d acquisto;ordine di acquisto;"
        "pedido;orden de compra;encomenda;nota de encomenda;your order;ihre bestellung;ihr auftrag;ihres auftrags;ihrem auftrag;"
        "ihren auftrag;pedido de compra;"
        "votre commande;customer order;"
        "customer po;uw order;vostro ordine;su pedido;requisicao;bdc;bon de cde;buyer order;buyers order;buyer s order;kundenbestellung;"
        "kundenauftrag;kundenauftrags;auftrags nr kunde;auftrags nummer kunde;best nr;best no;customer s order;customers order;cust order;"
        "client order;klantorder;klantorders;bestelbon;ord cliente;ordem de compra;oc;o c;oda;vos enc;n de bc;bestilling;bestillings;"
        "innkjops;n d engagement;numero d engagement;no d engagement"
    ),
    Cue.SALES: (
        "auftrag;auftrags;opdracht;opdrachts;sales order;work order;works order;job order;repair order;service order;"
        "order acknowledgement;order acknowledgment;bon de vente;vente;commande de vente;commande vente;ordre de vente;ordre de travail;"
        "pedido de venta;orden de venta;orden de trabajo;ordem de venda;ordem de servico;ordine di vendita;ordine di lavoro;"
        "salgsordre;salgsordrenr;confirmation de commande;conferma d ordine;conferma ordine;conferma di ordine;confirmacion de pedido;"
        "confirmacion pedido;confirmacao de encomenda;orderbevestiging;ordrebekreftelse;"
        "our order;unser auftrag;unsere auftrags;notre commande;order confirmation;"
        "auftrag nr lief;"
        "auftrag datum lief;auftragsbestatigung;verkooporder;sales rep;salesperson;verkaufer;verkoper;vendedor;commercial;vendeur"
    ),
    Cue.OFFER: (
        "offer;quote;quotation;angebot;angebots;devis;offerte;preventivo;presupuesto;orcamento;tender;appel d offres;ausschreibung"
    ),
    Cue.CUSTOMER: (
        "subscriber;abonnent;abonnee;socio;adherent;kundnr;customer;client;kunde;kunden;klant;klanten;debitor;debitoren;debiteur;"
        "debiteuren;cliente;account;user;member;"
        "mitglieds;abonne;matricule;relatie;relatienummer;login;participant;patient;guest;passenger;policy holder"
    ),
    Cue.CONTRACT: (
        "contract;vertrag;vertrags;contrat;contratto;contrato;vsnr;policy;police;versicherungsschein;lease;agreement;abonnement;"
        "subscription;licence;license;serial;meter;zahler;zahlpunkt;zahlerstand;pod;pdl;pce;ean code;projekt;project;projet;"
        "progetto;proyecto;projeto;kostenstelle;cost center;cost centre;comptable;service executant;mandat;mandate;mandats;"
        "mandatsreferenz;glaubiger;creditor;creancier;incassante;job;vehicle;kennzeichen;immatriculation;shipment;tracking;awb;"
        "consignment;transaction;terminal;approval;auth;cashier;table;till;register;session;case;claim;file;booking;buchungs;buchung;"
        "reservation"
    ),
    Cue.DELIVERY: (
        "wykonania;fecha operacion;fecha de operacion;datum levering;leistungsdatum;"
        "leveringsdato;leveransdatum;data sprzedazy;data sprzedaży;delivery;delivered;liefer;lieferung;lieferungs;leistung;"
        "leistungs;livraison;livre;levering;lever;leverings;consegna;entrega;ship;shipped;shipping;shipment;supply;time of supply;"
        "prestation;service;service date;versand;expedition;date of supply;dispatch;despatch"
    ),
    Cue.DELIVERY_NOTE: (
        "delivery note;lieferschein;bon de livraison;bl;pakbon;ddt;documento di trasporto;albaran;guia;guia de remessa;"
        "bon de reception;wareneingang;despatch;despatch advice;packing slip;challan;dc;e way bill;eway"
    ),
    Cue.PERIOD: (
        "period;zeitraum;abrechnungs;abrechnungszeitraum;leistungszeitraum;periode;periodo;debut;fin;from;begin;start;end;"
        "billing period;usage;mois;monat;month;debut de periode;fin de periode;abrechnung;laufzeit;competenza;check in;check out;"
        "arrival;departure;anreise;abreise;valid;gultig;validite;validity;geldig;expires;expiry"
    ),
    Cue.TERMS: (
        "terms;payment terms;zahlungsbedingungen;zahlungsbedingung;zahlungskonditionen;conditions de paiement;"
        "conditions de reglement;betalingsvoorwaarden;betaalconditie;condizioni di pagamento;termini di pagamento;"
        "condiciones de pago;condicoes de pagamento;terms of payment;betalingsconditie;betalingstermijn;zahlungsziel"
    ),
    Cue.UNTIL: (
        "oltre il;"
        "entro e non oltre il;entro e non oltre;"
        "do dnia;"
        "pour le;au plus tard le;au plus tard;d ici le;d ici au;bis;bis zum;bis spatestens;by;before;avant le;avant;jusqu au;voor;entro;"
        "entro il;antes del;antes de;hasta;hasta el;ate"
    ),
    Cue.COLLECTED: (
        "afschrijfdatum;"
        "will debit;debit your account;cargo el;con cargo el;eingezogen;abgebucht;lastschrift;prelevement;preleve;afgeschreven;incasso;"
        "addebito;addebitato;debited;"
        "direct debit;"
        "domiciliation;adeudo;debito directo;automatisch;collected;charged on"
    ),
    Cue.WITHHELD: ("retencion;irpf;ritenuta;ritenuta d acconto;withholding;withheld;retenue;retenue a la source;retencao;tds;ritenute"),
    Cue.FALL_DUE: (
        "spatestens am;spatestens bis;"
        "maturity;maturity date;payable before;terms expire;nettofalligkeit;netto falligkeit;zahlfrist;valuta;bezahlen bis;"
        "uberweisen bis;exigible;exigible le;exigibilite;date d exigibilite;paiement du le;paiement au;paiement avant;"
        "reglement avant;vervalt;vervalt op;verloop;verloopdatum;verloopt;verloopt op;betaaltermijn tot;scade;scade il;scad;"
        "termine di pagamento;termine pagamento;pagare entro;pagabile entro;fecha limite;pagadero;pagadero el;vcto;"
        "fecha limite de pago;limite de pago;prazo de pagamento;limite de pagamento;termin;termin zapłaty;termin płat;"
        "płatnosc do;data płatnosci;data zapłaty;zapłata do;zapłacic do;płatne do;do zapłaty do;płatne przelewem do;"
        "betalningsdag;sista betalningsdag;oss tillhanda;oss tillhanda senast;betala senast;betalingsdag;sidste betalingsdag;"
        "sidste rettidige betaling;sidste rettidige betalingsdag;forfalder;forfalder den;betales senest;betalingsdato;senest;"
        "to be paid by;date de reglement;uiterlijk betalen;uiterlijk betalen op;betalen uiterlijk;"
        "scadenze;echeances;vencimientos;vencimentos;verv;forfallsdato;forfallodatum;forfallodag;forfaldsdato;forfall;"
        "forfald;betalingsfrist;betalas senast;senast;"
        "termin platnosci;termin płatnosci;platnosc do;due;due date;due on;due by;fallig;falligkeit;falligkeits;falligkeitstag;"
        "falligkeitsdatum;zahlbar;zahlungsziel;zahlungstermin;zahltermin;zahlungs frist;zahlungsfrist;echeance;verval;vervaldatum;"
        "vervaldag;scadenza;vencimiento;vencimento;vto;pay by;payable by;pay before;payable until;zu zahlen bis;zahlen bis;"
        "a payer avant;date limite de paiement;payable le;a regler avant;uiterlijk;betalen voor;betaaldatum;uiterste;pagar hasta;"
        "pagamento entro;entro il;data limite;payment due;payment date;betaal voor;fecha de vencimiento;latest by;deadline;"
        "netto bis;pagar ate;pagar antes de;pagar antes del;a pagar ate;pagar el;da pagare entro;te betalen voor;betalen voor;"
        "regler avant;a payer le;a regler le;date limite de reglement;zahlbar am;vence;vence em;vence el;betales innen;forfaller"
    ),
    Cue.OTHER_DATE: (
        "accepte;acceptee;accettato;aceptado;accepted;angenommen;"
        "service due;next service;next service due;next bill;next bill due;print;printed;gedruckt;imprime;birth;geburts;stand;per;"
        "accounting;wertstellung;valuta;"
        "posting;skonto;escompte;"
        "korting;ack;next;nachste;prochaine;last;letzte;derniere;settled;created on;incorporated"
    ),
    Cue.TAX_POINT: "tax point;taxpoint",
    Cue.SELLER: (
        "poskytovatel;sprzedawca;wystawca;selger;saljare;sælger;udsteder;utsteder;leverandør;leverantor;avsandare;myyja;toimittaja;dodavatel;"
        "prodavajici;elado;szallito;furnizor;vanzator;prodavac;dobavitelj;seller;supplier;vendor;from;sold by;issued by;"
        "issuer;invoice from;bill from;service provider;rechnungssteller;rechnungsersteller;rechnungsaussteller;lieferant;"
        "verkaufer;leistungserbringer;absender;aussteller;vendeur;fournisseur;emetteur;prestataire;emis par;leverancier;"
        "verkoper;expediteur;afzender;mittente;remitente;remetente;fornitore;cedente;venditore;cedente prestatore;"
        "emittente;proveedor;vendedor;emisor;fornecedor;"
        "emitente;prestador;contractor;verkauft von;verkauf durch;vendu par;verkocht door;venduto da;vendido por;emesso da;emitido por;"
        "uitgegeven door;ausgestellt von;"
        "facture par;facturee par;invoiced by;billed by;fakturiert durch;gefactureerd door;fatturato da;facturado por;"
        "faturado por;"
        "freelancer;company details;sender;seller details;supplier details;vendor details;coordonnees vendeur;notre adresse"
    ),
    Cue.BUYER: (
        "subscriber;subscriber name;abonne;abonnee;abonado;abbonato;vertragspartner;vertragsinhaber;anschlussinhaber;kundenadresse;"
        "kundenanschrift;traveller;traveler;booked by;registered to;titulaire de la ligne;titulaire de l abonnement;"
        "invoice for;client details;facture pour;facture a l attention de;votre adresse;"
        "odberatel;zakaznik;kupujici;vevo;asiakas;ostaja;modtager;mottaker;mottagare;odbiorca;cumparator;kupac;kupec;"
        "nabywca;kund;kopare;køber;kjøper;fakturaadresse;fakturaadress;titular del contrato;titulaire du contrat;patient;"
        "guest;passenger;passagier;reisender;passager;passeggero;pasajero;passageiro;gast;hote;ospite;huesped;hospede;"
        "debtor;debitor;debiteur;deudor;debitore;devedor;"
        "indirizzo di fatturazione;indirizzo fatturazione;paziente;paciente;member;tenant;student;"
        "policy holder;policyholder;bill to;billed to;bill to address;billing address;"
        "billing information;billing details;invoice to;invoiced to;invoice address;sold to;buyer;customer;customer name;"
        "customer address;customer details;client;client name;to;for;purchaser;prepared for;rechnungsempfanger;"
        "kaufer;kunde;auftraggeber;rechnungsadresse;rechnungsanschrift;rechnung an;leistungsempfanger;besteller;an;"
        "adresse du client;adresse client;client facture;facture a;facturee a;adresse a;adressee a;facturer a;adresse de facturation;"
        "adresse facturation;acheteur;"
        "destinataire;facturation;adresse du destinataire;factuuradres;factuur adres;klant;afnemer;factuur aan;klantgegevens;"
        "facturatieadres;aan;koper;vendu a;venduto a;vendido a;verkocht aan;verkauft an;cliente;destinatario;"
        "fatturato a;cessionario;spettabile;spett le;spett;fatturare a;"
        "acquirente;cessionario committente;datos del cliente;facturar a;comprador;direccion de facturacion;facturado a;adquirente;"
        "exmo s sr s;exmos senhores;exmo senhor;dados do cliente;morada de faturacao;faturar a;faturado a;billed for;guest name;"
        "bill recipient;issued to;charge to;details of receiver;ship to bill to;dati cliente;senores;"
        "intestata a;intestato a;fatturata a;facturada a;faturada a;"
        "doit;receptor;lizenznehmer;licensee;licentienemer;mieter;locataire;lessee;huurder;inquilino;arrendatario;conduttore;"
        "zamawiajacy;kupujacy;płatnik;platnik;zleceniodawca;klient;objednatel;prijemce;bestallare;kunduppgifter;faktureringsadress;"
        "faktureringsadresse;laskutusosoite;faktureres til;faktura til;betaler;bill to party;charged to;invoice recipient;advertiser;hirer;"
        "payment address;subscriber;abonnent;registered owner;zahlungspflichtiger;vertragspartner;anschlussinhaber;entleiher;inlener;"
        "geadresseerde;ontvanger;preneur;souscripteur;assure;assicurato;asegurado;segurado;adherent;abonne;abonado;abbonato;socio;"
        "senor es;"
        "vos coordonnees;your details;donneur d ordre;tomador;conferente;kunde data;kundendaten;fakturaempfanger;"
        "mandant;mandante;versicherungsnehmer;verzekeringnemer;auftrag geber;bauherr;opdrachtgever;maitre d ouvrage;committente"
    ),
    Cue.SHIP_TO: (
        "leveringsadresse;leveransadress;toimitusosoite;adres dostawy;dodaci adresa;szallitasi cim;adresa de livrare;"
        "ship to;shipped to;shipping address;delivery address;deliver to;delivery to;shipping details;lieferadresse;"
        "lieferanschrift;warenempfanger;versandadresse;adresse de livraison;livraison;livraison adresse;livre a;afleveradres;"
        "leveradres;verzendadres;bezorgadres;indirizzo di consegna;destinazione merce;luogo di destinazione;destinazione;"
        "direccion de entrega;direccion de envio;enviar a;morada de entrega;local de entrega;consignee;details of consignee;"
        "service address;installation address;lieferung an;local de descarga;lugar de entrega;destino;site address;"
        "delivery site;lieu de livraison;adresse du chantier;adresse de chantier;luogo di consegna;luogo consegna;lugar de envio;losadres;"
        "plaats van levering;bauvorhaben;baustelle;leistungsort;verbrauchsstelle;lieferort"
    ),
    Cue.OTHER_PARTY: (
        "shipper;consignor;"
        "representant fiscal;tax representative;steuervertreter;factor;hersteller;manufacturer;warenlieferant;carrier;transporteur;"
        "spediteur;vettore;agent;broker;makler;third party;notify party"
    ),
    Cue.PAYEE: (
        "please pay to;kindly pay to;payable to;remit to;remit payment to;make checks payable to;make cheques payable to;pay to;"
        "beneficiaire;payee;beneficiary;zahlungsempfanger;begunstigde;beneficiario;in favor of;in favour of;"
        "cheque a l ordre de;cheques a l ordre de;cheque payable to;cheques payable to;"
        "a l ordre de;a nome di;a favor de;ten name van;op naam van;t n v;auf den namen"
    ),
    Cue.HOLDER: (
        "empfanger;recipient;account holder;account name;kontoinhaber;titulaire du compte;titulaire;titular;intestatario;"
        "rekeninghouder;titular de la cuenta;titular da conta;"
        "intestato;tilinhaltija;kontohaver;kontohavare;wlasciciel rachunku;majitel uctu"
    ),
    Cue.CONTACT: (
        "contact;attention;accounts payable;yhteyshenkilo;kontaktperson;"
        "a la att de;a la att;a l att de;alla c a di;do rak;k rukam;zu handen von;till handa;"
        "ansprechpartner;kontakt;attn;att;z hd;zhd;zu handen;t a v;tav;ter attentie van;a l attention de;a l attention;c o;"
        "contactpersoon;alla cortese attenzione;c a;contatto;contacto;a c;a la atencion de;atencion;your contact;sachbearbeiter;"
        "bearbeiter;interlocuteur;cc"
    ),
    Cue.NAME: (
        "nazwa;nazev;namn;navn;nimi;jmeno;"
        "name;nom;naam;nome;nombre;firma;company;company name;societe;bedrijf;bedrijfsnaam;raison sociale;ragione sociale;"
        "denominazione;razon social;business name;firmenname;empresa;denominacao;organisation;organization;firm"
    ),
    Cue.TAX_NUMBER: (
        "steuernummer;steuer nr;steuernr;st nr;stnr;steuer nummer;tax number;tax no;tax id;tax id no;taxid;ein;tin;fein;"
        "codice fiscale;cod fisc;c f;cf;rfc;pan;fiscal number;tax registration;"
        "federal tax id;tax reg no;rsin;cnpj;numero fiscal"
    ),
    Cue.VAT_NUMBER: (
        "nip;nr nip;numer nip;"
        "cvr;cvr nr;org nr;organisationsnummer;organisasjonsnummer;momsreg nr;moms nr;vat id;vat no;vat number;vat reg;vat reg no;"
        "vat registration;vat registration number;vat registration no;vatin;vat id no;ust id;ustid;ust id nr;ust idnr;ustidnr;"
        "ust identnr;ust ident nr;ust identnummer;umsatzsteuer id;umsatzsteuer identifikationsnummer;umsatzsteuer identnr;"
        "umsatzsteueridentifikationsnummer;umsatzsteueridentnummer;uid;uid nr;uid nummer;mwst nr;mwst nummer;"
        "tva intracommunautaire;tva intracom;tva intra;n tva;no tva;num tva;numero tva;numero de tva;n de tva;tva no;"
        "identifiant tva;id tva;code tva;tva fr;btw nummer;btw nr;btw id;btw identificatienummer;btwnummer;btwnr;partita iva;p iva;"
        "piva;p i;part iva;nif iva;vat identification number;gstin;gst no;gst number;gst reg no;gst reg;gst id;gst registration no;"
        "gst registration number;gstin no;gstin uin;gst in;abn;a b n;sst no;sst id;gst hst;hst no;trn;cif nif;nif cif;dni;dni nif;"
        "nif dni;c i f;n i f;"
        "tax reg;nif;cif;nipc;contribuinte;n contribuinte;numero de identificacion fiscal;numero de identificacao fiscal"
    ),
    Cue.IBAN: "iban;iban nr;iban no;iban code",
    Cue.BIC: "bic;swift;bic swift;swift bic;swift code;bic code",
    Cue.ACCOUNT: (
        "account number;account no;acct;acct no;a c no;konto;kto;kontonummer;kontonr;compte;rekening;rekeningnummer;conto;cuenta;"
        "conta;bankrekening;cc n;c c;rib;bank account;bankverbindung;ifsc;ifsc code;sort code;blz;bankleitzahl;routing;"
        "routing number;aba;bsb;clearing;bankcode"
    ),
    Cue.BANK: "pankki;bank;bank name;banque;banca;banco;sparkasse;volksbank;bankname;kreditinstitut;domiciliation",
    Cue.REGISTER: (
        "reg nr;folio fiscal;certificado;no certificado;"
        "programa certificado;software certificado;siren;siret;rcs;r c s;hrb;hra;handelsregister;registergericht;amtsgericht;kvk;k v k;"
        "kvk nummer;registered;company number;"
        "company no;company reg;company registration;reg no;registration no;registration number;cin;naf;ape;code ape;rea;"
        "registro mercantil;fn;firmenbuch;acn;gln;gtin;ean;ilnn;iln;weee;wee;wee reg;rc;kbo;ondernemingsnummer;oin;crn;"
        "registration;numero d entreprise;ein reg;hsn;sac;msme;udyam;iec;lei;oko kontr;ust in"
    ),
    Cue.PHONE: (
        "n de ligne;no de ligne;numero de ligne;numero de linea;numero di linea;"
        "po box;p o box;tel;phone;telefon;telephone;fax;telefax;telefoon;mobil;mobile;mob;telefono;telef;tlf;telefone;hotline;"
        "handy;cell;gsm;call;freephone;email;mail;e mail;web;www;website;internet;ph;portable;movil;telemovel;telecopie;courriel"
    ),
    Cue.ARTICLE: (
        "article;item;artikel;art;sku;product;produkt;produit;articolo;articulo;artigo;material;part;model;barcode;code article;"
        "isbn;asin;lot;batch;s n;sn;seriennummer;serie nr;numero de serie;numero di serie;serienummer;nr seryjny"
    ),
    Cue.PAGE: "page;seite;pagina;pag;blatt;sheet",
    Cue.YOUR: ("jeres;panstwa;ert;your;ihr;ihre;votre;vos;uw;vostro;vs;su;vossa;vosso;tu;vostri;vos;deres"),
    Cue.OUR: "our;unser;unsere;notre;nos;onze;ons;nostro;ns;nuestro;nuestra;nossa;nosso;var;vart;internal;intern;interne;interno;interna",
    Cue.TOTAL: (
        "belopp;beløb;i alt;"
        "bruttobetrag;bruttosumme;brutto;gross;ttc;tvac;lordo;totalt;belop;beløb;beløp;totalbelop;summa;kwota;razem;wartosc;wartość;"
        "total;totals;totale;"
        "totaux;totaal;summe;gesamt;gesamtsumme;endsumme;gesamtpreis;gesamtbetrag;endbetrag;rechnungssumme;amount;amt;betrag;"
        "betrage;bedrag;montant;importo;importe;valor;som;sum;suma;soma;beitrag;rechnungsbeitrag;gesamtbeitrag;entgelt;"
        "totaalbedrag;tot"
    ),
    Cue.GRAND: (
        "totalbelopp;totalsumma;fakturabelopp;fakturatotal;totalbeløb;fakturabeløb;"
        "grand total;gesamtbetrag;endbetrag;endsumme;gesamtsumme;rechnungsbetrag;rechnungsbeitrag;rechnungssumme;"
        "rechnungsendbetrag;factuurbedrag;factuur totaal;factuurtotaal;total geral;total general;totale fattura;totale documento;"
        "total documento;total factura;total fatura;invoice total;total invoice;invoice amount;total de la facture;total facture;"
        "montant de la facture;eindtotaal;eindbedrag;totale generale;total invoice amount;total invoice value;"
        "total for this invoice;total this invoice;invoice value;net invoice amount;total general ttc;order total;bill amount;"
        "total bill;montant total;importo totale;importe total;valor total;net total;total a facturar;nett total;final total;"
        "sale total"
    ),
    Cue.SUBTOTAL: (
        "delsumma;zwischentotal;delsum;"
        "subtotal;sub total;zwischensumme;sous total;subtotaal;sub totaal;subtotale;totale parziale;suma parcial;positionssumme;"
        "summe positionen;total lines;lines total;goods total;items total;total items;total charges;merchandise;total merchandise;"
        "item subtotal;total articles;total merci;totale merce;warenwert;total goods;total services;sum of lines;iliquido;"
        "zwischentotal;total iliquido;charges;importe bruto;total bruto;gesamtbeitrag;listensumme;total products"
    ),
    Cue.WITHOUT: (
        "senza;neto;s iva;"
        "nett;"
        "ekskl;eksl;uten;uden;utan;net;netto;nettobetrag;nettosumme;nettogesamt;ht;h t;hors taxe;hors taxes;hors tva;excl;exkl;"
        "exclusief;exclusive;excluding;exclude;exc;ex;ohne;zonder;sans;before;without;sin;sem;base imponible;base imponibile;"
        "base tributavel;base de imposicion;base imposable;imponibile;total imponibile;taxable amount;taxable value;taxable total;"
        "total taxable;taxable;vatable;vatable amount;nettowarenwert;netto warenwert;nettowert;excluant;net amount;total net;"
        "netto bedrag;escluso;esclusa;exento;htva;exvat;nettoumsatz;ohne mwst;incidencia;base"
    ),
    Cue.WITH: (
        "c iva;inclusa;"
        "gross;brutto;bruttobetrag;bruttosumme;ttc;t t c;tvac;toutes taxes comprises;incl;inkl;inclusief;inclusive;including;"
        "includes;inc;compris;einschliesslich;einschl;inbegriffen;incluido;incluida;inclusa;incluso;compresa;ivato;ivata;lordo;"
        "iva incl;com iva;con iva;iva inclusa;enthaltene;enthalten;enthalt;avec;with;mit"
    ),
    Cue.TAX: (
        "t p s;t v q;"
        "podatek;podatek vat;mervardesskatt;merverdiavgift;vat;v a t;tax;taxes;mwst;mwst betrag;ust;umsatzsteuer;mehrwertsteuer;"
        "steuer;steuern;steuerbetrag;tva;t v a;taxe;btw;b t w;iva;i v a;imposta;imposte;gst;cgst;sgst;igst;utgst;hst;pst;qst;tps;"
        "tvq;sst;sales tax;impuesto;impuestos;imposto;impostos;versicherungsteuer;versicherungssteuer;igic;cess;service tax;"
        "mwstbetrag;belasting;cuota;quota;omzetbelasting;tax amount;vat amount;mva;moms;ustbetrag;omzetbelastingbedrag;ustg;"
        "montant total tva;montant total de la tva;importe total iva;"
        "importo totale iva;valor total iva;valor total do iva"
    ),
    Cue.SHARE_OF: "on;aus;von;auf;sur;over;su;sobre",
    Cue.BASE: (
        "base;basis;bemessungsgrundlage;steuerbasis;steuerbasisbetrag;grondslag;imponibile;imponible;tributavel;imposable;taxable;"
        "vatable;nettobasis;maatstaf;basisbetrag;incidencia;steuerpflichtig"
    ),
    Cue.PAYABLE: (
        "naleznosc;restbelopp;restbeløb;kvar att betala;"
        "falliger betrag;fallige summe;fallig gesamt;att betala;at betale;a betale;å betale;til betaling;do zaplaty;do zapłaty;"
        "pozostaje do zapłaty;amount due;balance due;"
        "balance;total due;payable;amount payable;net payable;total payable;to pay;please pay;pay this amount;zu zahlen;"
        "zu zahlender;zahlbetrag;zahlungsbetrag;zu zahlender betrag;offener betrag;offen;restbetrag;rest;noch zu zahlen;"
        "zu uberweisen;forderung;a payer;net a payer;reste a payer;reste du;solde;solde a payer;a regler;te betalen;openstaand;"
        "nog te betalen;te voldoen;a pagar;total a pagar;liquido a pagar;da pagare;netto a pagare;totale da pagare;pendiente;"
        "importe pendiente;saldo;due;amount due now;outstanding;new balance;amount owing;owing;totale dovuto;da saldare;"
        "open amount;uberweisungsbetrag;zahllast;montant du;net du;pay now;em divida;balance amount"
    ),
    Cue.PAYMENT: (
        "bonifico;bonifico bancario;transferencia;transferencia bancaria;transferencia bancaria con;"
        "zapłata;zapłate;zapłaty;settle;settlement;bezahlen;regler;versement;abonarse;abonar;over te maken;overmaken;voldoen;"
        "indbetalt;inbetalning;inbetalt;"
        "ausgleich;begleichung;płatne;płatne przelewem;"
        "payment;zahlung;zahlungs;paiement;reglement;betaling;betalings;pagamento;pago;remittance;payer;bezahlung;uberweisung;"
        "uberweisen;begleichen;zahlen;pay;virement;transfer;incasso"
    ),
    Cue.PAID: (
        "valor pago;montante pago;total pago;importe pagado;importo pagato;paid;already paid;amount paid;"
        "total paid;bezahlt;"
        "bereits bezahlt;gezahlt;acompte;acomptes;deja paye;deja regle;paye;payee;"
        "regle;verse;anzahlung;anzahlungen;abschlag;abschlage;betaald;reeds betaald;aanbetaling;vooruitbetaald;voldaan;pagado;"
        "anticipo;anticipos;acconto;acconti;pagato;ja pago;adiantamento;deposit;deposits;prepaid;prepayment;prepayments;payments;"
        "payments received;payment received;less paid;advance;received;geleistet;geleistete;erhalten;encaisse;montant deja paye;"
        "credits applied;tendered;cash;gegeben;visa;mastercard;change;ruckgeld;rendu;credit card;debit card;cb;carte"
    ),
    Cue.DISCOUNT: (
        "discount;discounts;rabatt;rabatte;nachlass;skonto;remise;remises;rabais;ristourne;escompte;korting;sconto;sconti;"
        "descuento;dto;desconto;descontos;reduction;promo;promotion;coupon;voucher;rebate;allowance;allowances;abzgl;abzuglich;"
        "gutschein;savings;you saved;bonus;kortingen;betalingskorting;sonderrabatt;treuerabatt;mengenrabatt;kundenrabatt;sofortrabatt;"
        "aktionsrabatt;promotional code;promo code;upust;rabat;alennus;sleva;avslag"
    ),
    Cue.CHARGE: (
        "shipping;freight;versand;versandkosten;fracht;frachtkosten;frachtbetrag;porto;port;transport;transportkosten;frais;"
        "frais de port;livraison;verzendkosten;spese;spese di spedizione;trasporto;gastos;gastos de envio;envio;portes;despesas;"
        "handling;shipping handling;postage;delivery charge;surcharge;zuschlag;zuschlage;fee;fees;mahngebuhr;toeslag;recargo;"
        "late fee;delivery;tip;gratuity;service charge;carriage;packing;verpackung;p p;bearbeitungsgebuhr;penalite;indemnite;"
        "indemnite forfaitaire;interest;zinsen;mahnkosten;charge;levy;frais d envoi;portes de envio;spese di trasporto;"
        "gastos de transporte;"
        "bezorgkosten;versandpauschale;koszt przesylki;koszty przesylki;koszt dostawy;frakt;fragt;toimituskulut;doprava;postovne"
    ),
    Cue.ROUNDING: (
        "rounding;rundung;rundungs;arrondi;afronding;arrotondamento;redondeo;arredondamento;round off;roundoff;rounding adj;"
        "rounding adjustment;rounded;rundungsdifferenz"
    ),
    Cue.CARRIED: (
        "carried forward;carried over;carry forward;brought forward;carry over;carried to;ubertrag;"
        "zwischensumme ubertrag;report;a reporter;report de la page precedente;report page;total reporte;"
        "transport;transport page;transporteren;over te brengen;overgebracht;riporto;a riportare;suma y sigue;suma anterior;"
        "total anterior;a transportar;transporte da pagina;soma anterior;previous balance;"
        "balance forward;last bill;page total;seitensumme;total page;previous amount;prior balance;opening balance;transportado;"
        "ausstehende;ausstehende forderung;vorige"
    ),
    Cue.UNIT_MONEY: (
        "unit price;price;rate;einzelpreis;preis;stuckpreis;prix;prix unitaire;p u;pu;prijs;prezzo;precio;preco;each;stukprijs;unit;je;pro"
    ),
    Cue.CAPITAL: (
        "capital;stammkapital;share capital;capitale sociale;capital social;cap soc;grundkapital;deckung;selbstbeteiligung;"
        "vermogen;limit;credit limit"
    ),
    Cue.CURRENCY: (
        "currency;wahrung;devise;monnaie;valuta;munt;divisa;moneda;moeda;betrage in;amounts in;all amounts in;charges in;prices in;"
        "all charges and prices are in"
    ),
}

HEADS = (
    "nummer nr datum betrag summe adresse anschrift empfanger nummern kosten preis rechnung steuer adres bedrag totaal factuur "
    "prijs nota id referenz referentie "
    "gesamt tag netto brutto dato kennung belopp beløb summa".split()
)
"""Last parts of German and Dutch compounds: "Auftragsnummer" is read as "auftrags nummer"."""
