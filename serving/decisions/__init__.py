"""Store of decisions, what came of them, and the progress of campaigns."""
