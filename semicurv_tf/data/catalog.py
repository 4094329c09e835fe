"""What is known of each dataset before a file is read: counts, sizes, ratios, licence, source.

Imports no TensorFlow, so that listing datasets is instant. Positive ratios are those of Table I of
Xu et al. 2022, label budgets and counts those of its Table II, unless the text says otherwise.
"""

from dataclasses import dataclass

from semicurv_tf.errors import UserError


@dataclass(frozen=True)
class DatasetInfo:
    """One dataset.

    Attributes:
        name: what `--dataset` and `tfds.load` take.
        title: the name people use.
        task: what the positive pixels are.
        channels: channels of an image as it is fed to the network.
        counts: examples per split, "train", "validation", "test"; empty where it depends on the
            user's files.
        image_size: width x height in pixels, as text.
        positive_percent: share of positive pixels over all images; None where unknown.
        label_budgets: the fractions of labelled training images that the paper reports.
        licence: a note on the terms of use, to be checked at the source.
        homepage: where the data are described.
        how_to_get: what to put where, for `--data-dir`.
        citation: whom to cite.
    """

    name: str
    title: str
    task: str
    channels: int
    counts: dict[str, int]
    image_size: str
    positive_percent: float | None
    label_budgets: tuple[float, ...]
    licence: str
    homepage: str
    how_to_get: str
    citation: str

    def said_missing(self, found: str) -> str:
        """The line for a folder that is not there; `found` is what there is instead."""
        if self.name == "folder":
            return (
                f"--data-dir: expected the folder of your images, found {found}. "
                f"Fix: name the folder that holds {self.how_to_get}"
            )
        homepage = f" ({self.homepage})" if self.homepage else ""
        return f"--data-dir: expected the folder of {self.title}, found {found}. Fix: get {self.how_to_get}{homepage}"


_ASK_AUTHORS = "no licence stated; research use, ask the authors"

_CATALOG = (
    DatasetInfo(
        name="synthetic",
        title="Synthetic curves",
        task="drawn branching curves on uneven, stained ground",
        channels=3,
        counts={"train": 160, "validation": 40, "test": 80},
        image_size="128x128",
        positive_percent=None,
        label_budgets=(0.05, 0.01),
        licence="drawn by this project; free",
        homepage="",
        how_to_get="nothing to get: it is drawn on first use, from a seed",
        citation="",
    ),
    DatasetInfo(
        name="crackforest",
        title="CrackForest (CFD)",
        task="cracks in pavement",
        channels=3,
        counts={"train": 94, "validation": 12, "test": 11},
        image_size="480x320",
        positive_percent=2.5,
        label_budgets=(0.05, 0.01),
        licence="non-commercial research only, says its page",
        homepage="https://github.com/cuilimeng/CrackForest-dataset",
        how_to_get="the archive of its GitHub page, unpacked: image/*.jpg and groundTruth/*.mat "
        "(fetched by itself when no --data-dir is given)",
        citation="Shi, Cui, Qi, Meng, Chen. Automatic road crack detection using random "
        "structured forests. IEEE T-ITS 17(12), 2016.",
    ),
    DatasetInfo(
        name="crack500",
        title="Crack500",
        task="cracks in pavement",
        channels=3,
        counts={"train": 1896, "validation": 348, "test": 1124},
        image_size="640x360 and 360x640",
        positive_percent=6.0,
        label_budgets=(0.05, 0.01),
        licence=_ASK_AUTHORS,
        homepage="https://github.com/fyangneil/pavement-crack-detection",
        how_to_get="the crops linked from its page: traincrop/, valcrop/, testcrop/ with NAME.jpg "
        "and NAME.png side by side",
        citation="Yang, Zhang, Yu, Prokhorov, Mei, Ling. Feature pyramid and hierarchical boosting "
        "network for pavement crack detection. IEEE T-ITS 21(4), 2020.",
    ),
    DatasetInfo(
        name="gaps384",
        title="GAPs384",
        task="cracks in pavement",
        channels=1,
        counts={"train": 465, "validation": 4, "test": 39},
        image_size="640x540",
        positive_percent=1.2,
        label_budgets=(0.05, 0.01),
        licence="GAPs terms: research, on request",
        homepage="https://github.com/fyangneil/pavement-crack-detection",
        how_to_get="the crops linked from its page: croppedimg/ and croppedgt/, with the lists "
        "train.txt, valid.txt, test.txt",
        citation="Eisenbach et al. How to get pavement distress detection ready for deep learning? "
        "IJCNN 2017; crack masks by Yang et al., IEEE T-ITS 21(4), 2020.",
    ),
    DatasetInfo(
        name="mitroad",
        title="Massachusetts Roads",
        task="roads in aerial images",
        channels=3,
        counts={"train": 6880, "validation": 1215, "test": 440},
        image_size="500x500 windows of 1500x1500",
        positive_percent=5.1,
        label_budgets=(0.01, 0.001),
        licence="free to use with citation, says its page",
        homepage="https://www.cs.toronto.edu/~vmnih/data/",
        how_to_get="{train,valid,test}/{sat,map}/NAME.{tiff,tif} as published, or images/ and masks/ of the same stems",
        citation="Mnih. Machine learning for aerial image labeling. PhD thesis, University of Toronto, 2013.",
    ),
    DatasetInfo(
        name="em128",
        title="EM128 (ISBI 2012)",
        task="cell membranes in electron microscopy",
        channels=1,
        counts={"train": 240, "test": 240},
        image_size="128x128",
        positive_percent=22.0,
        label_budgets=(0.10, 0.05),
        licence="research, with citation",
        homepage="https://imagej.net/events/isbi-2012-segmentation-challenge",
        how_to_get="the 30 labelled slices: train-volume.tif and train-labels.tif, or "
        "train/image/K.png and train/label/K.png; or the ready crops (img/, gt/, train.txt, "
        "test.txt)",
        citation="Arganda-Carreras et al. Crowdsourcing the creation of image segmentation "
        "algorithms for connectomics. Frontiers in Neuroanatomy 9, 2015.",
    ),
    DatasetInfo(
        name="drive128",
        title="DRIVE128",
        task="blood vessels of the retina",
        channels=3,
        counts={"train": 160, "test": 160},
        image_size="128x128",
        positive_percent=8.6,
        label_budgets=(0.05, 0.01),
        licence="research, after registration",
        homepage="https://drive.grand-challenge.org/",
        how_to_get="DRIVE as published (training/images, training/1st_manual, training/mask); or "
        "the ready crops (img/, gt/, mask/, train.txt, test.txt)",
        citation="Staal et al. Ridge-based vessel segmentation in color images of the retina. IEEE TMI 23(4), 2004.",
    ),
    DatasetInfo(
        name="drive",
        title="DRIVE, whole images",
        task="blood vessels of the retina",
        channels=3,
        counts={"train": 20, "test": 20},
        image_size="565x584",
        positive_percent=None,
        label_budgets=(),
        licence="research, after registration",
        homepage="https://drive.grand-challenge.org/",
        how_to_get="DRIVE as published: {training,test}/{images,1st_manual,mask}",
        citation="Staal et al. Ridge-based vessel segmentation in color images of the retina. IEEE TMI 23(4), 2004.",
    ),
    DatasetInfo(
        name="isbi_em",
        title="ISBI 2012 EM, whole slices",
        task="cell membranes in electron microscopy",
        channels=1,
        counts={"train": 15, "test": 15},
        image_size="512x512",
        positive_percent=22.0,
        label_budgets=(),
        licence="research, with citation",
        homepage="https://imagej.net/events/isbi-2012-segmentation-challenge",
        how_to_get="the 30 labelled slices: train-volume.tif and train-labels.tif, or "
        "train/image/K.png and train/label/K.png",
        citation="Arganda-Carreras et al. Crowdsourcing the creation of image segmentation "
        "algorithms for connectomics. Frontiers in Neuroanatomy 9, 2015.",
    ),
    DatasetInfo(
        name="folder",
        title="Your own folder",
        task="whatever your masks mark",
        channels=3,
        counts={},
        image_size="any, mixed",
        positive_percent=None,
        label_budgets=(),
        licence="yours",
        homepage="",
        how_to_get="images/ and, for some or all of them, masks/ of the same stem; optional "
        "splits/{train,val,test}.txt",
        citation="",
    ),
)

_BY_NAME = {info.name: info for info in _CATALOG}


def dataset_names() -> list[str]:
    """The names that `--dataset` takes, in the order of the catalogue."""
    return list(_BY_NAME)


def dataset_info(name: str) -> DatasetInfo:
    """What is known of a dataset.

    Raises:
        UserError: if there is no dataset of that name; the line lists all names.
    """
    if name not in _BY_NAME:
        raise UserError(
            f"--dataset: expected one of {', '.join(_BY_NAME)}, found {name!r}. "
            "Fix: take one of these; `folder` reads your own images"
        )
    return _BY_NAME[name]
