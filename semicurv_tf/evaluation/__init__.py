"""A finished run, opened and scored on images of its dataset; and the choice of its threshold."""
