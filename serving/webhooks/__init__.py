"""Webhooks: an outbox of events, and their delivery."""
