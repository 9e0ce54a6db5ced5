"""Norms, the network, and what a norm layer saw and did."""
