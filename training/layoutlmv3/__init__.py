"""A small LayoutLMv3 from nothing: taught on made-up invoices what the words of an invoice are. `python -m training.layoutlmv3 FOLDER`."""
