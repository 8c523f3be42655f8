"""Analyses of a run, computed in separate processes: the threads of the API never compute gradients."""
