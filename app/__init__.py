"""InvoiceStream: invoices in any form in, checked EN 16931 invoices out, live."""

import sys

__version__ = "0.1.0"

# Where ONNX Runtime is installed, which is for the models' process, PyMuPDF loads models of its own with it: a second and 100 MB in every
# process that opens PDFs, for what is not used here. It goes without where that cannot be imported.
sys.modules.setdefault("pymupdf.layout", None)  # type: ignore[arg-type]
