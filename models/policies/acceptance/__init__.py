"""P(accept): how likely a customer accepts an offer, by offer, and by customer where contacts show it."""
