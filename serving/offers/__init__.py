"""Values the offers that customers may get now, from a release: the same for one request and for all customers."""
