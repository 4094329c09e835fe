"""From a trained network to masks: read any image, predict it, write the result."""
