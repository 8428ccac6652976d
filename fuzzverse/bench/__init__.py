"""Measurements: what a timeline costs, and how soon searches find what is known to be there."""
