"""The rows of the paper's tables: each system's name, its title there, and the settings that make it what it is.

Table V says what the others leave open: all but SemiCurv go without coordinate encoding, all but two rows with
Dice loss and geometric views.
"""

from typing import Any, NamedTuple

from semicurv_tf.methods.registry import METHODS

ALPHAS = (0.9, 0.99, 0.999, 0.9999)  # Fig. 6
PERIODS = (1, 2, 4, 8)  # Fig. 8b; 4 is SemiCurv itself


class System(NamedTuple):
    """One row.

    Attributes:
        name: as `--methods` takes it and results are named.
        title: as the paper's tables call it.
        settings: dotted keys of the configuration, all that the row decides.
    """

    name: str
    title: str
    settings: dict[str, Any]


_ROW = {
    "model.name": "residual_unet",
    "model.encoding": "none",
    "method.supervised_loss": "dice",
    "views.geometric": True,
}


def _system(name: str, title: str, method: str, **settings) -> System:
    return System(
        name,
        title,
        {**_ROW, "method.name": method, **{key.replace("__", "."): value for key, value in settings.items()}},
    )


def _title(method: str) -> str:
    return METHODS[method].title or method


def _semicurv(name: str, title: str, encoding: str = "sinusoid", similarity: str = "cosine", **settings) -> System:
    return _system(name, title, "semicurv", model__encoding=encoding, method__similarity=similarity, **settings)


_ALL = (
    _system("supervised", _title("supervised"), "supervised"),
    _system("deeplab_v3_plus", "DeepLab v3+", "supervised", model__name="deeplab_v3_plus"),
    # Both by their papers' own loss, the balanced cross-entropy: from a random start, Dice drove HED to all foreground.
    _system("hed", "HED", "supervised", model__name="hed", method__supervised_loss="wbce"),
    _system("fphbn", "FPHBN", "supervised", model__name="fphbn", method__supervised_loss="wbce"),
    *(
        _system(name, method.title, name)
        for name, method in METHODS.items()
        if method.title and name not in ("supervised", "semicurv")
    ),
    _semicurv("semicurv", _title("semicurv")),
    _system("supervised_wbce", "UNet, weighted CE", "supervised", method__supervised_loss="wbce"),
    _system("mean_teacher_no_geometry", "Mean teacher, no geometry", "mean_teacher", views__geometric=False),
    _semicurv("semicurv_no_encoding", "N-pair, no encoding", encoding="none"),
    _semicurv("semicurv_linear", "N-pair, linear encoding", encoding="linear"),
    _semicurv("semicurv_l2", "SemiCurv, L2 similarity", similarity="l2"),
    _semicurv("semicurv_learned", "SemiCurv, learned encoding", encoding="learned"),
    _semicurv("semicurv_rotary", "SemiCurv, rotary encoding", encoding="rotary"),
    *(
        _system(
            f"mean_teacher_alpha_{alpha:g}", f"Mean teacher, alpha {alpha:g}", "mean_teacher", method__ema_alpha=alpha
        )
        for alpha in ALPHAS
    ),
    *(
        _semicurv(f"semicurv_alpha_{alpha:g}", f"SemiCurv, alpha {alpha:g}", method__ema_alpha=alpha)
        for alpha in ALPHAS
    ),
    *(_semicurv(f"semicurv_k_{k}", f"SemiCurv, K = {k}", model__encoding_period=float(k)) for k in PERIODS if k != 4),
)

SYSTEMS = {system.name: system for system in _ALL}
