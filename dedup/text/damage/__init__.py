"""What damages Chinese articles: each sort found, and undone in the order of `repair.CATALOGUE`."""
