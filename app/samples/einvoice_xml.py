"""Writes an `Invoice` as e-invoice XML: `write_cii` (Factur-X, ZUGFeRD 2, XRechnung) and `write_ubl` (UBL 2.1 Invoice or CreditNote).

Every value of the model that the syntax can hold is written, elements stand in the order of the schemas, and what
`app.readers.einvoice` reads back is equal. Values are written as they are: nothing is computed, checked or rounded.
"""

from __future__ import annotations

from app.samples.cii_profiles import PROFILES
from app.samples.write_cii import write_cii
from app.samples.write_ubl import write_ubl

__all__ = ["PROFILES", "write_cii", "write_ubl"]
