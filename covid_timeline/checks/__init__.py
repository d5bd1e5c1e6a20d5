"""Checking: the pandera models of the tables, every check of docs/contract.md once, and the reports of both."""
