"""Calls in a world where things break: real processes, real time, simulated callers who count their words.

`python -m tests.chaos` (`make chaos`) runs it all, prints a table and fails on a miss. See docs/survival.md.
"""
