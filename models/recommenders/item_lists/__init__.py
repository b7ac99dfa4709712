"""Item lists that do not depend on the customer: bought together, trending."""
