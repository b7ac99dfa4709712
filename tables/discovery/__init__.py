"""What `kizuna init` recognises: files and tables of a database, their format, and what their columns are."""
