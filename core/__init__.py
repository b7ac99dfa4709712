"""The words that everybody speaks."""
