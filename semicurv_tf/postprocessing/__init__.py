"""From a probability to a finished mask: hysteresis, gaps bridged, small components left out."""
