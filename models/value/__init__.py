"""Customer lifetime value: what each customer will buy and bring in, over any horizon."""
