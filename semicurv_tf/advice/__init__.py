"""What more labels are worth to a run: a learning curve of its own recipe, and a sentence."""
