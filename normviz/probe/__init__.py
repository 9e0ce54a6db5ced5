"""What the norm layers of any network average over, found by running them; no name is trusted."""
