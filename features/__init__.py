"""Tables into rows: what a company recorded becomes what a model can read."""
