"""The same descent in other tools: each module's `prepare(task)` returns the timed call."""
