"""The residual UNet in PyTorch, layer for layer that of `semicurv_tf.models.ResidualUNet`."""

import math

import torch
from torch import nn
from torch.nn import functional as F

WIDTHS = (32, 64, 128, 256, 512)  # the paper's
PERIOD = 4.0  # K of Eq. 9


class ResidualBlock(nn.Module):
    """`relu(BN(conv3(relu(BN(conv3(x))))) + BN(conv1(x)))`."""

    def __init__(self, channels, filters):
        super().__init__()
        normalisation = lambda: nn.BatchNorm2d(filters, eps=1e-3, momentum=0.1)
        self.first = nn.Conv2d(channels, filters, 3, padding=1)
        self.first_norm = normalisation()
        self.second = nn.Conv2d(filters, filters, 3, padding=1)
        self.second_norm = normalisation()
        self.shortcut = nn.Conv2d(channels, filters, 1)
        self.shortcut_norm = normalisation()

    def forward(self, features):
        inner = F.relu(self.first_norm(self.first(features)), inplace=True)
        outer = self.second_norm(self.second(inner))
        return F.relu(outer + self.shortcut_norm(self.shortcut(features)), inplace=True)


class ResidualUNet(nn.Module):
    """Raw images `(batch, 3, height, width)`, 0-255, to logits `(batch, 1, height, width)`.

    Args:
        widths: filters of the levels, from the top down.
        encoded: whether the maps of Eq. 9 stand beside what a level reads.
        mean, deviation: of the images, one number each.
    """

    def __init__(self, widths=WIDTHS, encoded=True, mean=127.5, deviation=64.0):
        super().__init__()
        self.encoded, self.mean, self.deviation = encoded, mean, deviation
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        channels = 3
        for filters in widths[:-1]:
            self.encoder.append(ResidualBlock(channels + 2 * encoded, filters))
            channels = filters
        self.bottleneck = ResidualBlock(channels, widths[-1])
        channels = widths[-1]
        for filters in reversed(widths[:-1]):
            self.decoder.append(ResidualBlock(channels + filters, filters))
            channels = filters
        self.head = nn.Conv2d(channels, 1, 1)
        self._maps = {}
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, image):
        features = (image - self.mean) / self.deviation
        skips = []
        for block in self.encoder:
            features = block(torch.cat([features, self._encoding(features)], dim=1) if self.encoded else features)
            skips.append(features)
            features = F.max_pool2d(features, 2)
        features = self.bottleneck(features)
        for block, skip in zip(self.decoder, reversed(skips)):
            larger = F.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)
            features = block(torch.cat([larger, skip], dim=1))
        return self.head(features)

    def _encoding(self, features):
        """The maps of Eq. 9 `(batch, 2, height, width)`, computed once for each level."""
        batch, _, height, width = features.shape
        key = (height, width, features.dtype)
        if key not in self._maps:
            x = torch.sin(PERIOD * math.pi * torch.linspace(0, 1, width))
            y = torch.cos(PERIOD * math.pi * torch.linspace(0, 1, height))
            maps = torch.stack([x[None, :].expand(height, width), y[:, None].expand(height, width)])
            self._maps[key] = maps[None].to(features.dtype)
        return self._maps[key].expand(batch, 2, height, width)
