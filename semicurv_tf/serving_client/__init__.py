"""A client of TensorFlow Serving: masks from a served model, over REST or gRPC.

    client = semicurv_tf.serving_client.client.connect("http://localhost:8501")
    mask, = client.masks([Path("road.png").read_bytes()])

Whole folders: semicurv-tf predict --server http://localhost:8501 --input FOLDER --output MASKS

REST needs nothing but this package; gRPC needs the extra: pip install 'semicurv-tf[serving]'.
"""
