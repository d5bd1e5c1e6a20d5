"""placeholder, replaced by the lazy public API"""
