"""Settings for the whole suite."""

from __future__ import annotations

import os

from hypothesis import settings

# A few hundred generated examples a test, the same ones every time; HYPOTHESIS_PROFILE=nightly looks further.
settings.register_profile("normal", max_examples=200, deadline=None, derandomize=True)
settings.register_profile("nightly", max_examples=10_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "normal"))
