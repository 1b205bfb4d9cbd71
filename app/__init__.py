"""InvoiceStream: invoices in any form in, checked EN 16931 invoices out, live."""

__version__ = "0.1.0"
