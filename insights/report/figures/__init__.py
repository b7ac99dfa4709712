"""The figures of the report: one file for each section of the page, each with a `SECTION` that `definitions` finds."""
