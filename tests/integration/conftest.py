"""The fixtures that build and start real targets."""

from support.fixtures import compiled, fuzzverse, named

__all__ = ["compiled", "fuzzverse", "named"]
