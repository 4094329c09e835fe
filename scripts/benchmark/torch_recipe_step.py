"""The step of the default recipe in PyTorch, written for the comparison: `semicurv_tf/recipes/default.yaml`.

The photometric changes are computed for the images that get them alone, which is what PyTorch is fastest with; the
TensorFlow side folds all of them into one graph.
"""

import math

import torch
from torch.nn import functional as F

from benchmark.torch_network import ResidualUNet
from benchmark.torch_step import Step, dice_loss, random_transforms, unwarp

# The values of the recipe, and the strengths of semicurv_tf.augment.
WIDTHS = (16, 32, 64, 128, 256)
LEARNING_RATE, ALPHA = 3e-4, 0.98
FLIP_VERTICAL, SCALE, COLOUR = 0.5, 1.6, 0.4
OWN = {"gamma": 0.3, "contrast": 0.5, "shift": 0.5}
COLOUR_SHIFT, NOISE, SHIFT, BLUR_RADIUS_PX = 64.0, 2.55, 10.0, 4
SHARPEN = torch.tensor([[-1.0, -1.0, -1.0], [-1.0, 9.0, -1.0], [-1.0, -1.0, -1.0]])
EMBOSS = torch.tensor([[-1.0, -1.0, 0.0], [-1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
IDENTITY = torch.tensor([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])


class RecipeStep(Step):
    """Supervised: Dice over the batch, in geometric, colour and photometric views; the weights are averaged."""

    def __init__(self, precision, labelled):
        super().__init__(precision, labelled, 0, lambda: ResidualUNet(WIDTHS, encoded=False), LEARNING_RATE, ALPHA)

    def loss(self, image, mask, valid):
        """See `Step`."""
        transform = random_transforms(len(image), *image.shape[2:], flip_vertical=FLIP_VERTICAL, scale=SCALE)
        view, seen = self._view(image, transform)
        view = photometric_view(colour_view(view)).contiguous(memory_format=self.format)
        aligned = unwarp(self._probability(self.student, view), transform)
        return dice_loss(mask, aligned, seen * valid, over=(0, 1, 2, 3))


def colour_view(image):
    """Gamma, contrast and brightness of each image and channel; raw images `(n, 3, h, w)`."""
    gamma, contrast, shift = (_amount(image, own) for own in OWN.values())
    bent = 255.0 * torch.pow((image / 255.0).clamp(1e-4, 1.0), torch.exp(gamma))
    mean = bent.mean(dim=(2, 3), keepdim=True)
    return (mean + torch.exp(contrast) * (bent - mean) + COLOUR_SHIFT * shift).clamp(0.0, 255.0)


def _amount(image, own):
    uniform = lambda channels: (2.0 * torch.rand(len(image), channels, 1, 1) - 1.0) * COLOUR
    return uniform(1) + own * uniform(image.shape[1])


def photometric_view(images):
    """One change of seven for each image; raw images `(n, 3, h, w)`."""
    choices = torch.randint(7, (len(images),)).tolist()
    return torch.cat([_changed(image, choice) for image, choice in zip(images.split(1), choices)]).clamp(0.0, 255.0)


def _changed(image, choice):
    between = lambda low, high: low + (high - low) * float(torch.rand(()))
    if choice == 0:
        return image + NOISE * torch.randn_like(image)
    if choice == 1:
        return image + SHIFT * (2.0 * torch.rand_like(image) - 1.0)
    if choice == 2:
        return image * between(0.8, 1.2)
    if choice == 3:
        return (image - 127.5) * between(0.8, 1.2) + 127.5
    if choice in (4, 5):
        share = between(0.0, 1.0)
        return _filtered(image, share * (SHARPEN if choice == 4 else EMBOSS) + (1.0 - share) * IDENTITY)
    return _blurred(image, between(0.5, 1.5))


def _blurred(image, sigma):
    taps = [math.exp(-0.5 * (tap / sigma) ** 2) for tap in range(-BLUR_RADIUS_PX, BLUR_RADIUS_PX + 1)]
    weights = torch.tensor(taps) / sum(taps)
    return _filtered(_filtered(image, weights[:, None]), weights[None, :])


def _filtered(image, kernel):
    channels, (height, width) = image.shape[1], kernel.shape
    padded = F.pad(image, (width // 2, width // 2, height // 2, height // 2), mode="reflect")
    return F.conv2d(padded, kernel.expand(channels, 1, height, width), groups=channels)
