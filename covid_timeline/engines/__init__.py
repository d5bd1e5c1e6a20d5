"""Engines that read documents on many machines, each in a module of its own; `covid_timeline.batches` serves them all."""
