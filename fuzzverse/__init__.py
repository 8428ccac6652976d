"""fuzzverse: finds deep bugs in native simulations by exploring a multiverse of timelines."""

__version__ = "0.1.0"
