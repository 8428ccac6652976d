"""The report as one HTML page: a module a section, all pure; style and script lie beside them."""
