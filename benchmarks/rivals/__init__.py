"""The same descent as users of other tools write it: each module's `prepare(task)` gives the call that is timed."""
