"""Descent compared with the alternatives: `python -m benchmarks`. Not part of the tests."""
