"""Tidy DataFrame in, one Altair chart out: one module a subject, and what they share."""
