"""The words of the command line for Python: `train`, `open_run`, `load`. Thin, and imported by `semicurv_tf` itself."""
