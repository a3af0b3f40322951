"""The agents that come with this package: examples to copy."""
