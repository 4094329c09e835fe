# The types of what `__init__.py` imports when it is first used; a test compares the two.

from semicurv_tf.api.network import Network as Network
from semicurv_tf.api.network import load as load
from semicurv_tf.api.prediction import Prediction as Prediction
from semicurv_tf.api.run import Run as Run
from semicurv_tf.api.run import open_run as open_run
from semicurv_tf.api.train import train as train
from semicurv_tf.errors import UserError as UserError
from semicurv_tf.geometry.warp import seen_by_view as seen_by_view
from semicurv_tf.geometry.warp import unwarp as unwarp
from semicurv_tf.geometry.warp import warp as warp
from semicurv_tf.layers import CoordEncoding as CoordEncoding
from semicurv_tf.losses import DiceLoss as DiceLoss
from semicurv_tf.losses import MSELoss as MSELoss
from semicurv_tf.losses import NPairLoss as NPairLoss
from semicurv_tf.losses import WeightedCrossEntropyLoss as WeightedCrossEntropyLoss
from semicurv_tf.losses import dice_loss as dice_loss
from semicurv_tf.losses import npair_loss as npair_loss
from semicurv_tf.methods.learner import Learner as Learner
from semicurv_tf.metrics.keras_metrics import F1 as F1
from semicurv_tf.metrics.keras_metrics import IoU as IoU
from semicurv_tf.metrics.keras_metrics import Precision as Precision
from semicurv_tf.metrics.keras_metrics import Recall as Recall
from semicurv_tf.models import ResidualUNet as ResidualUNet
from semicurv_tf.models import UNet as UNet
from semicurv_tf.vector import vectorize_mask as vectorize_mask

__version__: str
__all__: list[str]
