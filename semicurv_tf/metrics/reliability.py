"""Whether probabilities mean what they say: reliability by bins, and the temperature that sets them right.

Guo et al. 2017, "On Calibration of Modern Neural Networks": the logits of a network are divided by one number, chosen
for the lowest cross-entropy on images it was not trained on. No mask at threshold 0.5 changes by it.
"""

import numpy as np

BINS = 10  # of probability, equally wide
# Logits are counted in cells: finer than what a probability of 8 bit tells apart.
_CELLS = np.linspace(-14.0, 14.0, 561)
COLDEST, HOTTEST = 0.1, 10.0  # temperatures that are tried


class Reliability:
    """Foreground and all valid pixels by logit, each image with the same weight."""

    def __init__(self):
        self._foreground = np.zeros(len(_CELLS))
        self._all = np.zeros(len(_CELLS))
        self.images = 0

    def add(self, target, probability, valid) -> None:
        """Counts one image; one without a valid pixel is left out.

        Args:
            target, valid: `(height, width)` or `(height, width, 1)`, foreground and valid where above 0.5.
            probability: same shape, in [0, 1].
        """
        counted = np.asarray(valid) > 0.5
        pixels = np.count_nonzero(counted)
        if not pixels:
            return
        inside = np.clip(np.asarray(probability, np.float64)[counted], 1e-7, 1 - 1e-7)
        logit = np.log(inside) - np.log1p(-inside)
        step = _CELLS[1] - _CELLS[0]
        cell = np.clip(np.rint((logit - _CELLS[0]) / step).astype(int), 0, len(_CELLS) - 1)
        foreground = np.asarray(target)[counted] > 0.5
        self._all += np.bincount(cell, minlength=len(_CELLS)) / pixels
        self._foreground += np.bincount(cell, foreground, minlength=len(_CELLS)) / pixels
        self.images += 1

    def cross_entropy(self, temperature: float = 1.0) -> float:
        """Mean cross-entropy in nats per pixel, at logits divided by `temperature`."""
        logits = _CELLS / temperature
        background = self._all - self._foreground
        nats = self._foreground @ np.logaddexp(0, -logits) + background @ np.logaddexp(0, logits)
        return float(nats / self.images)

    def temperature(self) -> float:
        """That of the lowest cross-entropy, between `COLDEST` and `HOTTEST`; above 1: the network is too sure."""
        from scipy.optimize import minimize_scalar

        found = minimize_scalar(
            lambda log: self.cross_entropy(np.exp(log)), bounds=np.log([COLDEST, HOTTEST]), method="bounded"
        )
        return float(np.exp(found.x))

    def bins(self, temperature: float = 1.0) -> list[dict[str, float]]:
        """Per bin of probability that has pixels: its mean probability, the share that is foreground, and its weight.

        The weight is the mean share of an image's pixels; all sum to 1.
        """
        probability = 1 / (1 + np.exp(-_CELLS / temperature))
        place = np.minimum((probability * BINS).astype(int), BINS - 1)
        rows = []
        for each in range(BINS):
            chosen = place == each
            weight = self._all[chosen].sum()
            if weight > 0:
                rows.append(
                    {
                        "probability": float(self._all[chosen] @ probability[chosen] / weight),
                        "foreground": float(self._foreground[chosen].sum() / weight),
                        "weight": float(weight / self.images),
                    }
                )
        return rows

    def expected_calibration_error(self, temperature: float = 1.0) -> float:
        """Mean distance of probability and share of foreground over the bins, by weight, in [0, 1]."""
        return sum(row["weight"] * abs(row["probability"] - row["foreground"]) for row in self.bins(temperature))


def at_temperature(probability: float, temperature: float) -> float:
    """What a probability in (0, 1) becomes when its logit is divided by `temperature`.

    >>> round(at_temperature(0.8, 2.0), 4)  # logit log 4, halved log 2
    0.6667
    """
    odds = (probability / (1 - probability)) ** (1 / temperature)
    return odds / (1 + odds)
