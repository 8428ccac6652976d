"""Engines of other fuzzers, each in a process of its own, that choose what a campaign runs."""
