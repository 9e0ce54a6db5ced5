"""The command line: what may be typed, what each command does, and how its rows are printed."""
