"""The same report for terminals and for machines: a module a format, all pure."""
