"""Many runs: which make up a study, carrying them out, the evidence on disk, and what it says."""
