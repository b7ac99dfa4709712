"""Why customers leave: what they said, what the model lays it on, what each cause costs and what to do first."""
