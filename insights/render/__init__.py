"""HTML pages, letters and terminal tables in English and Japanese."""
