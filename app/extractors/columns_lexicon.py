"""The words that item tables have over their columns, in seven languages."""

from __future__ import annotations

from enum import Enum


class Column(Enum):
    __hash__ = object.__hash__  # members are single, and hashed for every number of a table

    POSITION = "position"
    ITEM_ID = "item_id"
    NAME = "name"
    QUANTITY = "quantity"
    UNIT = "unit"
    PRICE = "price"
    DISCOUNT = "discount"
    TAX_RATE = "tax_rate"
    TAX_AMOUNT = "tax_amount"
    AMOUNT = "amount"
    OTHER = "other"


COLUMN_WORDS: dict[Column, str] = {
    Column.POSITION: ("pos;position;#;line;ln;ligne;sl;s no;sl no;sr no;sr;line no;pos nr;lfd;lfd nr;item no;riga;regel;linea;no;nr;n;num"),
    Column.ITEM_ID: (
        "item code;item number;item id;product code;product id;article no;article number;article nr;art nr;art no;artikel nr;"
        "artikel nummer;artnr;code;sku;ref;reference;referenz;referentie;referencia;riferimento;codice;codigo;cod;part no;"
        "part number;hsn;hsn sac;sac;hsn code;code article;code produit;material;isbn;ean;gtin;stock code;item #;product #;"
        "article code;codice articolo;bestell nr;bestelnummer;produkt nr;artikelcode;materialnummer;art nr lieferant"
    ),
    Column.NAME: (
        "beskrivelse;beskrivning;benamning;benämning;varetekst;vare;nazwa;nazwa towaru;tekst;description;descriptions;item;items;"
        "item description;product;products;product name;service;services;details;detail;particulars;beschreibung;bezeichnung;"
        "artikel;artikelbezeichnung;artikelbeschreibung;leistung;leistungen;leistungsbeschreibung;produkt;ware;warenbezeichnung;"
        "text;libelle;designation;designations;article;articles;produit;produits;prestation;prestations;omschrijving;beschrijving;"
        "productomschrijving;descrizione;descrizione articolo;prodotto;prodotti;servizio;articolo;descripcion;concepto;conceptos;"
        "detalle;articulo;articulos;producto;servicio;descricao;designacao;artigo;artigos;produto;produtos;servico;activity;nature;"
        "desc;goods;work;title;task;usage;item name;description of goods;description of services;nom designation;ihre leistungen;"
        "position beschreibung;artikelomschrijving;artikel omschrijving;dienst;dienstleistung;tatigkeit;functie;bezeichnung der leistung"
    ),
    Column.QUANTITY: (
        "antall;antal;ilosc;ilość;mangd;qty;quantity;qnty;menge;anzahl;anz;stuck;stk;quantite;quantites;qte;qt;qta;quantita;aantal;"
        "hoeveelheid;cantidad;cant;uds;unidades;quantidade;qtd;quant;hours;hrs;hour;stunden;std;heures;uren;ore;horas;units;nights;"
        "quantity ordered;stuckzahl;qte cdee;quantite cdee;qte commandee;qte livree;aantal stuks;qtde;liefermenge;ordered;"
        "nombre;nb;nbre;ud;shipped;billed;aant;qty shipped;no of units;pieces;pcs;days;tage;jours;dagen;hours qty;qty hours;hrs qty"
    ),
    Column.UNIT: (
        "enhed;enhet;eenh;enh;jm;j m;unit;units of measure;einheit;me;unite;eenheid;um;u m;unidad;unidade;un;uom;einh;mengeneinheit;"
        "meng einheit;eh;mass;per;u of m;udm"
    ),
    Column.PRICE: (
        "pris;a pris;stykpris;enhetspris;stk pris;cena;cena netto;cena jedn;price;unit price;rate;einzelpreis;einzel preis;preis;"
        "stuckpreis;e preis;ep;vk preis;netto preis;nettopreis;einzel;prix;prix unitaire;prix unit;p u;pu;puht;pu ht;p u ht;prijs;"
        "stukprijs;stuk prijs;prijs per stuk;eenheidsprijs;prezzo;prezzo unitario;prezzo unit;precio;precio unitario;precio unit;"
        "preco;preco unitario;preco unit;pr unitario;unit cost;cost;price each;each;p unit;pvp;p v p;tarief;tarif;tarief per uur;"
        "valor unitario;valor unit;unit price net;preis einheit;unit net price;hourly rate;unit rate;price per unit;p unitario;"
        "prix u;price ea;prijs p st;prijs st;importo unitario;preco un;precio ud;prix horaire;stundensatz;uurtarief;prijs eenheid;"
        "einheitspreis;listenpreis;unitario;eur stk"
    ),
    Column.DISCOUNT: "discount;disc;rabatt;rab;remise;rem;korting;sconto;sc;descuento;dto;desconto;nachlass;rabais",
    Column.TAX_RATE: (
        "moms;mva;stawka vat;vat;tax;mwst;ust;tva;btw;iva;gst;igst;cgst;sgst;tax rate;vat rate;taux;taux tva;aliquota;aliq;"
        "vat code;steuer;mwst satz;ust satz;steuersatz;%;vat %;tax %;cod iva;t v a;gst rate;hst;taxes;tax type;btw percentage;"
        "tipo iva;taxa;code tva;st"
    ),
    Column.TAX_AMOUNT: (
        "tax amt;vat amt;imposta;cuota iva;mwst eur;ust eur;"
        "montant taxe;montant taxes;montant de taxe;cuota;cuota i v a;"
        "tax amount;vat amount;montant tva;btw bedrag;steuerbetrag;mwst betrag;importe iva;valor iva;importo iva;gst amount;ust betrag"
    ),
    Column.AMOUNT: (
        "belop;beløb;beløp;wartosc;wartość;wartosc netto;wartość netto;sum;summa;amount;total;line total;betrag;gesamt;gesamtpreis;"
        "gesamt preis;summe;nettowert;netto wert;zeilenbetrag;positionsbetrag;montant;total ht;montant ht;bedrag;totaal;importo;"
        "totale;importe;valor;net amount;net value;entgelt;gesamt netto;ext price;extended price;extended;extension;ext;"
        "importancia;importe neto;importo netto;valor liquido;total liquido;prix total ht;totale riga;bedrag excl;"
        "gross amount;subtotal;sub total;netto;net;line amount;amount due;total price;total amount;totaalprijs;totaal bedrag;"
        "prezzo totale;precio total;preco total;valor total;total linea;nettobetrag;g preis;gp;prix total;total net;p total;"
        "imponibile;montant ttc;total ttc;total excl;taxable value;net total;wert;gesamtbetrag;total eur;eur;charges;charge;line net;"
        "totaal prijs;line value;extended amount;totale netto;importo totale;importe total;montante;"
        "total c iva;gesamtpreis netto;gesamtbetrag netto;importe linea;"
        "debit;debits;debitos;debito;debet;soll;addebiti;cargos;"
        "total net price;montant net;sous total;amt;value;nettosumme;preis gesamt;totaal excl"
    ),
    Column.OTHER: (
        "date;datum;data;fecha;period;periode;from;to;delivery;liefertermin;lot;serial;note;weight;gewicht;poids;"
        "employee;mitarbeiter;medewerker"
    ),
}
