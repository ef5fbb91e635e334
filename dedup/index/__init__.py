"""Candidate search: which known articles are worth comparing with."""
