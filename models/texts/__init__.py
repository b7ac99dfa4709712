"""What customers write: which cause to leave it speaks of, and in which tone."""
