"""One TFDS builder per dataset. Importing this package registers them all with TFDS."""

from semicurv_tf.data.builders.crack500 import Crack500
from semicurv_tf.data.builders.crackforest import Crackforest
from semicurv_tf.data.builders.drive import Drive
from semicurv_tf.data.builders.drive128 import Drive128
from semicurv_tf.data.builders.em128 import Em128
from semicurv_tf.data.builders.folder import Folder
from semicurv_tf.data.builders.gaps384 import Gaps384
from semicurv_tf.data.builders.isbi_em import IsbiEm
from semicurv_tf.data.builders.mitroad import Mitroad
from semicurv_tf.data.builders.synthetic import Synthetic

BUILDERS = {
    builder.name: builder
    for builder in (
        Synthetic, Crackforest, Crack500, Gaps384, Mitroad, Em128, Drive128, Drive, IsbiEm, Folder,
    )
}  # fmt: skip
