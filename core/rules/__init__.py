"""The rule language of segments and eligibility."""
