"""What goes into the models of `triton_models/` and what comes out of them, wherever they run: pure functions of arrays and text."""
