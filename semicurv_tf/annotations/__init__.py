"""What people drew in other tools, as images and masks: a reader per tool, one rasteriser, one writer."""
