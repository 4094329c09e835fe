"""A run's configuration: frozen and validated. YAML and `--set a.b=c` in, resolved YAML out.

Where the paper (Xu et al. 2022) names a value, it is the default of the field; where short runs on
a small machine need another one, the recipe in `configs/` says so.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args

import pydantic
import yaml
from pydantic import Field

from semicurv_tf.errors import UserError

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]


def _loss_of_earlier_versions(name):
    return "wbce" if name == "cross_entropy" else name


def read_labels(value) -> int | float:
    """How many training images are labelled: a whole number is a count, one with a point a fraction; `all` is 1.0."""
    number = value
    if isinstance(value, str):
        try:
            number = 1.0 if value == "all" else int(value) if value.strip().isdecimal() else float(value)
        except ValueError:
            pass
    if isinstance(number, float) and 0.0 < number <= 1.0:
        return number
    if isinstance(number, int) and not isinstance(number, bool) and number >= 1:
        return number
    raise ValueError(
        "data.labels (--labels): expected a count such as 3, a fraction such as 0.05 (1.0 are all, 1 is one image), or all, "
        f"found {value!r}. Fix: --labels 3"
    )


def described(labels: int | float, masks: int) -> str:
    """What `data.labels` means, for the user; `masks` is the number of training images with a mask."""
    if isinstance(labels, int):
        return f"a count, of {masks} with a mask"
    return f"all {masks} with a mask" if labels == 1 else f"{labels:g} of {masks} with a mask, at least one"


class _Section(pydantic.BaseModel):
    """Frozen; an unknown key is an error, and so is a text where a number belongs."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class DataConfig(_Section):
    """Which images, and how many of them count as labelled."""

    dataset: str = Field("synthetic", description="a name of `semicurv-tf datasets list`")
    data_dir: str | None = Field(None, description="the folder with the published files of the dataset")
    labels: Annotated[int | float, pydantic.BeforeValidator(read_labels)] = Field(
        0.05, description="labelled training images: a count (3), a fraction (0.05), or all; `folder`: all"
    )
    crop: Annotated[int, Field(ge=16, multiple_of=16)] | None = Field(
        None, description="side of random training crops in pixels; none trains on whole images"
    )
    unlabelled_dir: str | None = Field(None, description="a second folder with unlabelled images")
    options: dict[str, bool | int | float | str] = Field({}, description="options of the dataset's builder")
    cache_dir: str | None = Field(None, description="where prepared data are kept; default: the user's cache folder")
    memory_mb: Annotated[int, Field(ge=16)] = Field(
        1000, description="decoded images are held in memory up to this size"
    )

    @pydantic.model_validator(mode="before")
    @classmethod
    def _all_that_the_user_drew(cls, values):
        if isinstance(values, dict) and values.get("dataset") == "folder" and values.get("labels") is None:
            return {**values, "labels": 1.0}
        return values


class NetworkDefaults(NamedTuple):
    """What a network takes where the configuration says nothing; None: it has no such choice."""

    widths: tuple[int, ...] | None
    encoding: str | None
    trunk: str | None


NETWORK_DEFAULTS = {
    "residual_unet": NetworkDefaults((32, 64, 128, 256, 512), "sinusoid", None),
    "unet": NetworkDefaults((32, 64, 128, 256, 512), "none", None),
    "hed": NetworkDefaults((64, 128, 256, 512, 512), None, None),
    "fphbn": NetworkDefaults((64, 128, 256, 512, 512), None, None),
    "deeplab_v3_plus": NetworkDefaults(None, None, "resnet50"),
}
# Networks with a trunk whose weights can come from a file of `keras.applications`.
PUBLISHED_TRUNKS = ("hed", "fphbn", "deeplab_v3_plus")
VGG16_STAGES = 5


class ModelConfig(_Section):
    """The network (Sect. III-G, IV-C and Fig. 5). Keys that are absent or null take the network's own defaults."""

    name: Literal["residual_unet", "unet", "hed", "fphbn", "deeplab_v3_plus"] = "residual_unet"
    widths: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=2)] | None = Field(
        NETWORK_DEFAULTS["residual_unet"].widths, description="channels of the levels"
    )
    encoding: Literal["none", "linear", "sinusoid", "learned", "rotary"] | None = "sinusoid"
    encoding_period: Positive = Field(4.0, description="K of Eq. 9")
    trunk: Literal["resnet50", "xception"] | None = Field(None, description="`deeplab_v3_plus` only")
    trunk_weights: str | None = Field(
        None,
        description="`hed`, `fphbn` and `deeplab_v3_plus`: a weights file (no top) of the trunk in keras.applications",
    )
    batch_norm_momentum: Annotated[float, Field(ge=0.0, lt=1.0)] = Field(
        0.9, description="weight of the old statistics, as in Keras (the complement of PyTorch's momentum)"
    )

    @pydantic.model_validator(mode="before")
    @classmethod
    def _own_defaults(cls, values):
        defaults = NETWORK_DEFAULTS.get(values.get("name", "residual_unet")) if isinstance(values, dict) else None
        if defaults is None:
            return values
        own = {key: value for key, value in defaults._asdict().items() if values.get(key) is None}
        return {**values, **own}

    @pydantic.model_validator(mode="after")
    def _only_what_the_network_has(self):
        defaults = NETWORK_DEFAULTS[self.name]
        given = {key: getattr(self, key) for key in ("widths", "encoding", "trunk", "trunk_weights")}
        given["encoding"] = None if self.encoding == "none" else self.encoding  # no encoding is what these have
        has = {**defaults._asdict(), "trunk_weights": self.name in PUBLISHED_TRUNKS or None}
        for key, value in given.items():
            if value is not None and has[key] is None:
                raise ValueError(
                    f"model.{key}: {self.name} has no such choice, found {value!r}. Fix: --set model.{key}=null"
                )
        if self.name in ("hed", "fphbn") and len(self.widths) != VGG16_STAGES:
            raise ValueError(
                f"model.widths: {self.name} has {VGG16_STAGES} stages, found {len(self.widths)} widths. "
                f"Fix: --set model.widths={list(defaults.widths)}"
            )
        return self


class MethodConfig(_Section):
    """How to learn: the losses, the teacher and their weights (Sect. III-B to III-G)."""

    name: Literal["supervised", "mean_teacher", "semicurv", "pseudo_label", "cutmix", "tcsm", "vat", "cgan"] = (
        "semicurv"
    )
    supervised_loss: Annotated[Literal["dice", "wbce"], pydantic.BeforeValidator(_loss_of_earlier_versions)] = Field(
        "dice", description="Eq. 10, or cross-entropy weighted by inverse class frequency (Table V)"
    )
    dice_over: Literal["image", "batch"] = Field(
        "image", description="one Dice an image, averaged; or one for the batch"
    )
    similarity: Literal["cosine", "l2"] = Field("cosine", description="of the N-pair loss: Eq. 6 or Eq. 11")
    temperature: Positive = Field(0.1, description="tau of Eq. 5; not in the paper, 0.1 in the authors' code")
    consistency_weight: Annotated[float, Field(ge=0.0)] = Field(1.0, description="gamma once the ramp is up")
    rampup: Fraction = Field(0.5, description="share of the run over which gamma rises: 500 of 1000 epochs")
    ema_alpha: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.999
    teacher_statistics: Literal["averaged", "batch"] = Field(
        "averaged",
        description="the teacher's batch normalisation: averages of the student's statistics, or its own batch (the authors' code)",
    )
    teacher_view: Literal["random", "plain", "orientation"] = Field(
        "random",
        description="what the teacher sees: a random view of its own (Fig. 2), the image as it is, or that in one of the eight "
        "flips and quarter turns, drawn each step",
    )
    teacher_orientations: Annotated[int, Field(ge=1, le=8)] = Field(
        1, description="the teacher's predictions are averaged over so many of the eight flips and quarter turns"
    )
    batch_statistics: Literal["joint", "separate", "moving"] = Field(
        "joint",
        description="the student's batch normalisation in training: over labelled and unlabelled images together, over each, or "
        "over the labelled ones, whose moving averages then serve the unlabelled ones, as they do once deployed",
    )
    unlabelled_from: Annotated[float, Field(ge=0.0, lt=1.0)] = Field(
        0.0, description="share of the run that learns from the labelled images alone; the ramp begins there"
    )
    pixel_loss: Literal["mse", "cross_entropy"] = Field(
        "mse",
        description="`mean_teacher` and `cutmix`: how the student's probabilities are compared with the teacher's",
    )
    align_foreground: bool = Field(
        False,
        description="the teacher's odds are scaled so that it finds, over the last steps, as much foreground in unlabelled images "
        "as the labelled masks have; not `vat` and `cgan`",
    )
    transplants: Fraction = Field(
        0.0,
        description="share of the labelled images whose structures are laid over an unlabelled image, so that they are learned "
        "in its texture and light; with any method",
    )
    confidence: Fraction = Field(
        0.0, description="`pseudo_label` only: pixels whose probability p has |2p - 1| below this do not count"
    )
    side_weight: Annotated[float, Field(ge=0.0)] = Field(
        1.0, description="`hed` and `fphbn`: of the side outputs' supervised losses, added up"
    )
    cutmix_area: Annotated[float, Field(gt=0.0, lt=1.0)] = Field(
        0.5, description="`cutmix` only: a box's share of the image"
    )
    tcsm_scale: Annotated[float, Field(ge=1.0, le=4.0)] = Field(
        1.2, description="`tcsm` only: log-uniform scaling in [1/this, this] beside quarter turns and flips"
    )
    vat_size: Positive = Field(
        11.5, description="`vat` only: root mean square of the adversarial change, raw units of 0-255"
    )
    vat_iterations: Annotated[int, Field(ge=1)] = Field(1, description="`vat` only: power iterations")
    entropy_weight: Annotated[float, Field(ge=0.0)] = Field(
        1.0, description="`vat` only: of the entropy of predictions, relative to the consistency weight"
    )
    adversarial_weight: Annotated[float, Field(ge=0.0)] = Field(0.01, description="`cgan` only: on labelled images")
    adversarial_weight_unlabelled: Annotated[float, Field(ge=0.0)] = Field(0.001, description="`cgan` only")
    self_taught_weight: Annotated[float, Field(ge=0.0)] = Field(
        0.1, description="`cgan` only: of the masked self-taught loss"
    )
    self_taught_confidence: Fraction = Field(
        0.2, description="`cgan` only: pixels that the discriminator holds real with more than this count"
    )
    discriminator_learning_rate: Positive = Field(1e-4, description="`cgan` only")
    average_weights: bool = Field(
        False, description="`supervised`, `vat` and `cgan`: deploy the moving average of the weights"
    )
    loss_pose: Literal["original", "view"] = Field(
        "original", description="where the supervised loss is taken: after the inverse warp (Eq. 10), or in the view"
    )

    @property
    def reads_unlabelled(self) -> bool:
        """Whether unlabelled images are read at all: to learn from, or to lay transplants over."""
        return self.name != "supervised" or self.transplants > 0

    @pydantic.model_validator(mode="after")
    def _an_orientation_leaves_the_statistics_alone(self):
        # In training mode several devices would exchange statistics in a branch of the graph, which they cannot.
        if self.teacher_view == "orientation" and self.teacher_statistics == "batch":
            raise ValueError(
                "method.teacher_view: expected random or plain with method.teacher_statistics=batch, found orientation. "
                "Fix: --set method.teacher_statistics=averaged"
            )
        return self


class ViewsConfig(_Section):
    """Random views of an image (Sect. III-C). Scale and shear exist in Eq. 3 and are off in the authors' code."""

    geometric: bool = Field(True, description="off: no flip, turn, shift, scale or shear at all (Table V)")
    flip_horizontal: Fraction = Field(0.5, description="probability")
    flip_vertical: Fraction = Field(0.0, description="probability")
    rotation_degrees: Annotated[float, Field(ge=0.0, le=180.0)] = Field(180.0, description="uniform in +- this")
    translation: Annotated[float, Field(ge=0.0, lt=1.0)] = Field(
        0.15, description="uniform in +- this share of width and height"
    )
    scale: Annotated[float, Field(ge=1.0, le=4.0)] = Field(1.0, description="log-uniform in [1/scale, scale]")
    shear_degrees: Annotated[float, Field(ge=0.0, lt=60.0)] = Field(0.0, description="uniform in +- this")
    colour: Annotated[float, Field(ge=0.0, lt=1.0)] = Field(
        0.0, description="strength of random gamma, contrast, brightness and tint; 0.4 is strong"
    )
    photometric: Fraction = Field(0.0, description="probability that a view gets one photometric change")


class TrainingConfig(_Section):
    """The run: length, optimizer, precision, what is kept."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    epochs: Annotated[int, Field(ge=1)] = Field(1000, description="one epoch cycles the labelled images once")
    steps: Annotated[int, Field(ge=1)] | None = Field(None, description="length in steps; wins over epochs")
    batch_labelled: Annotated[int, Field(ge=1)] = 4
    batch_unlabelled: Annotated[int, Field(ge=1)] = 4
    optimizer: Literal["adam", "sgd"] = Field("adam", description="the paper says sgd, the authors' code runs adam")
    learning_rate: Positive = 1e-3
    schedule: Literal["constant", "halving", "cosine"] = Field(
        "halving", description="halving: by half at half the run"
    )
    restart: Annotated[float, Field(ge=0.0, lt=1.0)] = Field(
        0.0, description="share of the run after which `cosine` begins anew; 0: it does not"
    )
    sgd_momentum: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    gradient_clip: Positive | None = Field(0.1, description="each gradient value is cut to +- this")
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    devices: Annotated[int, Field(ge=1)] = Field(
        1, description="GPUs of this machine that share a step, or parts of its processor"
    )
    wait_minutes: Positive = Field(30.0, description="several workers: how long they wait for each other at the start")
    checkpoint_every: Annotated[int, Field(ge=1)] = Field(200, description="steps")
    checkpoints_kept: Annotated[int, Field(ge=1)] = 2
    monitor: Literal["auto", "labelled", "validation", "hidden"] = Field(
        "auto",
        description="images whose IoU is watched: validation images, else the labelled ones; `hidden`: the masks of the "
        "unlabelled training images, for development only",
    )
    monitor_every: Annotated[int, Field(ge=1)] = Field(100, description="steps")
    monitor_images: Annotated[int, Field(ge=1)] = Field(
        32, description="at most so many, so that watching costs little"
    )
    pictures_every: Annotated[int, Field(ge=0)] = Field(
        500, description="steps between pictures in TensorBoard; 0: none"
    )

    @pydantic.model_validator(mode="after")
    def _only_a_cosine_begins_anew(self):
        if self.restart and self.schedule != "cosine":
            raise ValueError(
                f"training.restart: expected 0 with training.schedule={self.schedule}, found {self.restart:g}. "
                "Fix: --set training.schedule=cosine"
            )
        return self


class Config(_Section):
    """Everything that decides a run's result."""

    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    method: MethodConfig = MethodConfig()
    views: ViewsConfig = ViewsConfig()
    training: TrainingConfig = TrainingConfig()


def choices(section: str, key: str) -> tuple[str, ...]:
    """The values that a key of names can have, e.g. `choices("method", "name")`."""
    return get_args(Config.model_fields[section].annotation.model_fields[key].annotation)


def load_config(path: str | Path | None = None, settings: dict[str, Any] | None = None) -> Config:
    """Reads a configuration and applies settings over it.

    Args:
        path: a YAML file, or None for the defaults.
        settings: dotted key to value, e.g. `{"training.seed": 1}`; they win over the file.

    Returns:
        The validated configuration.

    Raises:
        UserError: one line for each unknown key, wrong type or impossible value; or for a file that
            cannot be read.
    """
    values = _read_yaml(Path(path)) if path is not None else {}
    origin = str(path) if path is not None else "configuration"
    for key, value in (settings or {}).items():
        _set(values, key, value)
    try:
        return Config.model_validate(values)
    except pydantic.ValidationError as error:
        raise UserError([_fault(origin, fault) for fault in error.errors()]) from None


def parse_setting(text: str) -> tuple[str, Any]:
    """Splits `a.b=c` as given to `--set`; the value is read as YAML, so `1e-3`, `true` and `null` work.

    Raises:
        UserError: without `=` or without a dotted key.
    """
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or "." not in key:
        raise UserError(f"--set {text}: expected section.key=value. Fix: --set training.seed=1")
    try:
        parsed = yaml.safe_load(value)
    except yaml.YAMLError:
        raise UserError(f"--set {text}: the value is not valid YAML. Fix: quote it, --set '{key}=\"...\"'") from None
    return key, _number(parsed)


def dump_config(config: Config) -> str:
    """The resolved configuration as YAML, every default spelled out."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def differences(old: Config, new: Config) -> list[str]:
    """Dotted keys whose values differ, as lines `key: old value -> new value`."""
    old_values, new_values = old.model_dump(), new.model_dump()
    return [
        f"{section}.{key}: {old_values[section][key]} -> {value}"
        for section, values in new_values.items()
        for key, value in values.items()
        if old_values[section][key] != value
    ]


def _read_yaml(path: Path) -> dict:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}). Fix: name an existing YAML file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f", line {line + 1}" if line is not None else ""
        raise UserError(f"{path}{where}: not valid YAML. Fix: compare it with a file of configs/") from None
    values = {} if values is None else values
    if not isinstance(values, dict):
        raise UserError(
            f"{path}: expected sections such as `training:`, found {type(values).__name__}. Fix: see configs/"
        )
    return {
        section: {key: _number(value) for key, value in content.items()} if isinstance(content, dict) else content
        for section, content in values.items()
    }


def _number(value):
    """YAML 1.1 reads `1e-3` as text, which no user means."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _set(values: dict, key: str, value):
    *sections, last = key.split(".")
    node = values
    for section in sections:
        if not isinstance(node.get(section), dict):
            node[section] = {}
        node = node[section]
    node[last] = value


def _fault(origin: str, fault: dict) -> str:
    """One line for one of pydantic's errors: the key, what was expected, what was found, the remedy."""
    if fault["type"] == "value_error":  # raised here, with its key and remedy
        return f"{origin}: {fault['ctx']['error']}"
    path = [str(part) for part in fault["loc"] if not str(part).startswith(("constrained", "function"))]
    key = ".".join(path)
    if fault["type"] == "extra_forbidden":
        return f"{origin}: unknown key {key}. Fix: {_known(path)}"
    if fault["type"] in ("model_type", "model_attributes_type"):
        return f"{origin}: {key}: expected a section with keys, found {fault['input']!r}. Fix: {_known(path + [''])}"
    message = fault["msg"][0].lower() + fault["msg"][1:]
    return f"{origin}: {key}: {message}, found {fault['input']!r}. Fix: {_remedy(path)}"


def _known(path: list[str]) -> str:
    section = Config.model_fields.get(path[0])
    fields = Config.model_fields if section is None or len(path) == 1 else section.annotation.model_fields
    return "one of " + ", ".join(fields)


def _remedy(path: list[str]) -> str:
    section = Config.model_fields.get(path[0])
    field = section.annotation.model_fields.get(path[1]) if section is not None and len(path) > 1 else None
    if field is None:
        return "see configs/"
    about = f" ({field.description})" if field.description else ""
    return f"e.g. --set {path[0]}.{path[1]}={field.default}{about}"
