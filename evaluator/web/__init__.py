"""A local web page for both audiences: the self-check of a candidate, and a batch of a recruiter."""
