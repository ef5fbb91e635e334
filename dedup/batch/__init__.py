"""Work over whole folders and corpora."""
