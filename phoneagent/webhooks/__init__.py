"""Requests to the operator's own systems, signed by the convention of standardwebhooks.com."""
