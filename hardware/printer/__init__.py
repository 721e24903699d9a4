"""Receipt printers that speak ESC/POS, and a virtual one made of the same bytes."""
