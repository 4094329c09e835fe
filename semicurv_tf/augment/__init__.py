"""Random views: geometric and photometric, drawn statelessly from (seed, step, purpose)."""
