"""The pages: one file each, which the catalogue in `serving/http/app.py` finds."""
