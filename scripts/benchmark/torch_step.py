"""Training steps in PyTorch, written for the comparison: the work of `semicurv_tf.methods`.

The forms are those that PyTorch is fastest with: `grid_sample` for the warps, fused Adam, multi-tensor
moving average. It leaves out the IoU that the TensorFlow step reports, to PyTorch's advantage.
"""

import math

import numpy as np
import torch
from torch.nn import functional as F
from torch.optim.swa_utils import get_ema_multi_avg_fn

from benchmark.images import DrawnImages
from benchmark.pace import Done
from benchmark.torch_network import WIDTHS, ResidualUNet

# The defaults of semicurv_tf.config, which the TensorFlow side runs with.
FLIP, ROTATION_DEGREES, TRANSLATION = 0.5, 180.0, 0.15
TEMPERATURE, WEIGHT, ALPHA = 0.1, 1.0, 0.999
LEARNING_RATE, GRADIENT_CLIP = 1e-3, 0.1
DICE_DELTA, COSINE_DELTA = 1e-8, 1e-6
FRAME_TOLERANCE_PX = 1e-3


def run(pace, make_step, threads):
    """Trains at the given pace until it says to stop.

    Args:
        pace: a `Pace`.
        make_step: makes the `Step`; called once threads and seed are set.
        threads: of PyTorch's operations.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    step = make_step()
    try:
        pace.begin(
            {"version": f"PyTorch {torch.__version__}", "parameters": sum(p.numel() for p in step.student.parameters())}
        )
        while True:
            step()
            pace.step_done()
    except Done:
        return


class Step:
    """Student, its moving average and what a step does with them; a subclass computes the loss of the next batch.

    Args:
        precision: "float32" for eager float32, or "bfloat16" for autocast with channels-last.
        labelled, unlabelled: images of a step.
        network: makes the network.
        learning_rate, alpha: of Adam and of the moving average.
    """

    def __init__(self, precision, labelled, unlabelled, network, learning_rate, alpha):
        self.low_precision = precision == "bfloat16"
        self.format = torch.channels_last if self.low_precision else torch.contiguous_format
        self.student = network().to(memory_format=self.format)
        self.teacher = network().to(memory_format=self.format).eval().requires_grad_(False)
        self.teacher.load_state_dict(self.student.state_dict())
        self.optimizer = torch.optim.Adam(self.student.parameters(), learning_rate, eps=1e-7, fused=True)
        self.batch, self.alpha = (labelled, unlabelled), alpha
        self.store = DrawnImages()
        self.random = np.random.default_rng(0)
        self.steps = 0

    def loss(self, image, mask, valid):
        """Of the next images, labelled first; masks of the labelled ones, valid pixels of all: `(n, c, h, w)`."""
        raise NotImplementedError

    def __call__(self):
        loss = self.loss(*self._read())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_value_(self.student.parameters(), GRADIENT_CLIP)
        self.optimizer.step()
        self._average()
        self.steps += 1
        return float(loss.detach())

    def _read(self):
        """The next images, labelled first, with the masks of the labelled ones; float32 tensors."""
        labelled = self.random.choice(self.store.labelled_indices, self.batch[0], replace=False)
        unlabelled = self.random.choice(self.store.unlabelled_indices, self.batch[1], replace=False)
        parts = [self.store.read(index) for index in (*labelled, *unlabelled)]
        stack = lambda key, some: torch.from_numpy(np.stack([part[key] for part in some]).astype(np.float32)).permute(
            0, 3, 1, 2
        )
        image = stack("image", parts).contiguous(memory_format=self.format)
        return image, stack("mask", parts[: self.batch[0]]).contiguous(), stack("valid", parts).contiguous()

    def _view(self, image, transform):
        view = warp(image, transform).contiguous(memory_format=self.format)
        return view, seen_by_view(transform, *image.shape[2:])

    def _probability(self, network, view):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.low_precision):
            logits = network(view)
        return torch.sigmoid(logits.float()).contiguous()

    @torch.no_grad()
    def _average(self):
        alpha = min(1.0 - 1.0 / (self.steps + 1.0), self.alpha)
        floats = lambda network: [*network.parameters(), *(b for b in network.buffers() if b.is_floating_point())]
        get_ema_multi_avg_fn(alpha)(floats(self.teacher), floats(self.student), None)


class SemiCurvStep(Step):
    """The paper's: Dice of the labelled images, and the N-pair loss between student and teacher of the others."""

    def __init__(self, precision, labelled, unlabelled):
        super().__init__(precision, labelled, unlabelled, lambda: ResidualUNet(WIDTHS), LEARNING_RATE, ALPHA)

    def loss(self, image, mask, valid):
        """See `Step`."""
        labelled = self.batch[0]
        height, width = image.shape[2:]
        transform = random_transforms(len(image), height, width)
        view, seen = self._view(image, transform)
        teacher_transform = random_transforms(len(image) - labelled, height, width)
        teacher_view, teacher_seen = self._view(image[labelled:], teacher_transform)
        with torch.no_grad():
            target = unwarp(self._probability(self.teacher, teacher_view), teacher_transform)
        aligned = unwarp(self._probability(self.student, view), transform)
        seen = seen * valid
        dice = dice_loss(mask, aligned[:labelled], seen[:labelled])
        npair = npair_loss(aligned[labelled:], target, seen[labelled:], teacher_seen * valid[labelled:])
        return dice + WEIGHT * npair


def random_transforms(batch, height, width, flip_vertical=0.0, scale=1.0):
    """Flips, scale, rotation about the centre, translation: `(batch, 3, 3)`, source to transformed points in pixels."""
    uniform = lambda limit: (2.0 * torch.rand(batch) - 1.0) * limit
    angle = uniform(math.radians(ROTATION_DEGREES))
    size = torch.exp(uniform(math.log(scale)))
    across = size * torch.where(torch.rand(batch) < FLIP, -1.0, 1.0)
    along = size * torch.where(torch.rand(batch) < flip_vertical, -1.0, 1.0)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    x, y = (width - 1) / 2, (height - 1) / 2
    a, b, c, d = cosine * across, -sine * along, sine * across, cosine * along
    x_shift = x - a * x - b * y + uniform(TRANSLATION * width)
    y_shift = y - c * x - d * y + uniform(TRANSLATION * height)
    zero, one = torch.zeros(batch), torch.ones(batch)
    return torch.stack([a, b, x_shift, c, d, y_shift, zero, zero, one], dim=1).reshape(batch, 3, 3)


def warp(image, transform):
    """`output(x') = image(H^-1 x')`, bilinear, mirrored beyond the edges (the edge pixel repeated)."""
    return _sample(image, torch.linalg.inv(transform))


def unwarp(image, transform):
    """`output(x) = image(H x)`."""
    return _sample(image, transform)


def seen_by_view(transform, height, width):
    """1 where a pixel of the original lies inside the frame of the view, `(batch, 1, height, width)`."""
    grid = _grid(transform, height, width)
    last = torch.tensor([1 - 1 / width, 1 - 1 / height])
    slack = torch.tensor([2 / width, 2 / height]) * FRAME_TOLERANCE_PX
    return (grid.abs() <= last + slack).all(dim=-1).float()[:, None]


def _sample(image, lookup):
    grid = _grid(lookup, *image.shape[2:])
    return F.grid_sample(image, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def _grid(lookup, height, width):
    """Where each output pixel reads, in the coordinates of `grid_sample`: -1 to 1 between the outer pixel edges."""
    normalise = torch.tensor([[2 / width, 0, 1 / width - 1], [0, 2 / height, 1 / height - 1], [0, 0, 1]])
    theta = normalise @ lookup @ torch.linalg.inv(normalise)
    return F.affine_grid(theta[:, :2], (len(lookup), 1, height, width), align_corners=False)


def dice_loss(target, probability, valid, over=(1, 2, 3)):
    """Eq. 10 of each image over its valid pixels, averaged; over=(0, 1, 2, 3): once, of the batch."""
    total = lambda maps: (valid * maps).sum(dim=over)
    count = valid.sum(dim=over)
    both = total(probability + target)
    overlap = total(probability * target) + DICE_DELTA * both + DICE_DELTA**2 * count
    return (1 - 2 * overlap / (both + 2 * DICE_DELTA * count)).mean()


def npair_loss(student, teacher, valid, teacher_valid):
    """Eq. 5 with the cosine of Eq. 6 over the pixels valid in both maps, in float64 as the TensorFlow side."""
    student, teacher, valid, teacher_valid = (m.flatten(1).double() for m in (student, teacher, valid, teacher_valid))
    student, teacher = student + COSINE_DELTA, teacher + COSINE_DELTA
    product = (valid * student) @ (teacher_valid * teacher).T
    squares = ((valid * student**2) @ teacher_valid.T) * (valid @ (teacher_valid * teacher**2).T)
    cosine = (product / squares.sqrt()).float()
    return F.cross_entropy(cosine / TEMPERATURE, torch.arange(len(cosine)))
