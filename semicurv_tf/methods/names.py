"""The names of the methods, in the order of the paper's Table III, then others; `registry` has the settings of each.

They stand alone so that `--help` can list them without pydantic, which takes longer to load than help may take.
"""

METHOD_NAMES = (
    "supervised",
    "cutmix",
    "vat",
    "tcsm",
    "mean_teacher",
    "cgan",
    "semicurv",
    "pseudo_label",
    "drawn_curves",
)
