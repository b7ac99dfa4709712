"""Models, metrics and the model store. Models know no tables."""
