"""Settings for the whole suite."""

from __future__ import annotations

import os

from hypothesis import settings

# A few hundred generated examples for each parser, the same ones every time; COVID_TIMELINE_NIGHTLY=1 looks further.
# Tests whose examples are slow take a share of this: settings(max_examples=settings.default.max_examples // 4).
settings.register_profile("normal", max_examples=200, deadline=None, derandomize=True)
settings.register_profile("nightly", max_examples=10_000, deadline=None)
settings.load_profile("nightly" if os.environ.get("COVID_TIMELINE_NIGHTLY") == "1" else "normal")
