"""Descent beside what a user would pick instead: `python -m benchmarks`. No part of the tests."""
