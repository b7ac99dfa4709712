"""Second-stage ranking and diversification."""
