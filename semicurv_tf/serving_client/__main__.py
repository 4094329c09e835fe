"""Says where the command line of this client is now: `semicurv-tf predict` plans files, a client is transport alone."""

import sys

print(
    "error: python -m semicurv_tf.serving_client: is part of predict now. "
    "Fix: semicurv-tf predict --server URL --input IMAGES --output FOLDER --batch 8",
    file=sys.stderr,
)
sys.exit(2)
