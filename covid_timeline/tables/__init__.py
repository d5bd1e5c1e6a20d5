"""Rows -> tables -> validated -> Parquet. `schema` is the one data dictionary; everything else is derived from it."""
