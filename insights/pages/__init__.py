"""What people read of them: the page, the letter, the words of both languages."""
