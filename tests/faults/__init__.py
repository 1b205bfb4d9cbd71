"""Faults put to the real service, and the ledger of what became of every invoice: `make faults`."""
