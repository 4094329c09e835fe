"""All that is drawn from images: contact sheets, error maps, overlays, rows of maps, and how figures look."""
