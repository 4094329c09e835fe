"""A local page on which predictions are looked at and corrected; what is saved are masks that training reads."""
