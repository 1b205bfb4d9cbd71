"""Reading a page by two models, one that finds lines of text and one that reads them: what is done before, between and after. Pure."""
