"""A training planned before it runs: what was asked for, what the images are like, what follows from both."""
