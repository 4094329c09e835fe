"""One TFDS builder per dataset. Importing this package registers them all with TFDS."""

from semicurv_tf.data.builders.crackforest import Crackforest
from semicurv_tf.data.builders.drive import Drive
from semicurv_tf.data.builders.drive128 import Drive128
from semicurv_tf.data.builders.em128 import Em128
from semicurv_tf.data.builders.isbi_em import IsbiEm
from semicurv_tf.data.builders.synthetic import Synthetic

BUILDERS = {
    builder.name: builder
    for builder in (Synthetic, Crackforest, Em128, Drive128, Drive, IsbiEm)
}
