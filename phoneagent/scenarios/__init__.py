"""Scripted calls as data, played on a table top or through the whole server, and scored at the caller's ear."""
