"""What a method can report of its loss, and how the progress calls it, in the order in which it is shown."""

LOSS_LABELS = {
    "loss": "loss",
    "dice": "dice",
    "wbce": "wbce",
    "sides": "sides",
    "npair": "npair",
    "mse": "mse",
    "cross_entropy": "cross-entropy",
    "cutmix": "cutmix",
    "pseudo_label": "pseudo-label",
    "divergence": "divergence",
    "entropy": "entropy",
    "adversarial": "adv",
    "adversarial_unlabelled": "adv unlabelled",
    "self_taught": "self-taught",
    "discriminator": "discriminator",
}
