"""Pre-training: a network learns curves from drawn images, before it sees a photograph or a label."""
