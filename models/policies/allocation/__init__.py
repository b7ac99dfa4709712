"""Who gets which contact where budgets and capacities do not suffice for all customers."""
