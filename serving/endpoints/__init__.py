"""The routes of the API: one file each, found by the catalogue in `serving/http/app.py`."""
