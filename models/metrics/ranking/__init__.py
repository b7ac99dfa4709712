"""Evaluation of ranked recommendations against the items that customers bought."""
