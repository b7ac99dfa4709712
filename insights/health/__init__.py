"""Health: who is doing well, who fell, and what is to be done about it."""
