"""Mentions + document tree -> dated, placed, typed statements: one resolver for each slot of a statement."""
