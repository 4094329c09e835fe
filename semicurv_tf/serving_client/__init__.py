"""A client of TensorFlow Serving: masks from a served model, over REST or gRPC.

    python -m semicurv_tf.serving_client --url http://localhost:8501 IMAGE... --output FOLDER

REST needs nothing but this package; gRPC needs the extra: pip install 'semicurv-tf[serving]'.
"""
