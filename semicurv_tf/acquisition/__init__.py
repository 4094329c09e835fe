"""Which unlabelled images to label next: those that the networks disagree about, and that differ from one another."""
