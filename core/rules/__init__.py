"""The rule language for segments and eligibility."""
