"""Runs requests on a SavedModel as TensorFlow Serving does: a session, nothing but TensorFlow.

A script of its own, started in a fresh process by `check.py`; neither this package nor Keras can be
imported in it, so a model that needs either fails here and not on the server.

    python session_probe.py VERSION_FOLDER REQUESTS.pickle ANSWERS.pickle

REQUESTS holds a list of (signature, {input name: array}); ANSWERS gets, per request, a dictionary
of arrays, or the server's reason as text.

TensorFlow's Python compares the shape of what is fed with the signature, which a server does not: where it refuses, the
graph is run without it.
"""

import pickle
import sys

sys.modules["semicurv_tf"] = None  # type: ignore[assignment]  # importing it is now an ImportError
sys.modules["keras"] = None  # type: ignore[assignment]

import tensorflow as tf  # noqa: E402


def main(version: str, requests_file: str, answers_file: str) -> None:
    with open(requests_file, "rb") as file:
        requests = pickle.load(file)
    graph = tf.Graph()
    with graph.as_default(), tf.compat.v1.Session(graph=graph) as session:
        model = tf.compat.v1.saved_model.load(session, ["serve"], version)
        answers = [_answer(session, model.signature_def, *request) for request in requests]
    with open(answers_file, "wb") as file:
        pickle.dump(answers, file)


def _answer(session, signatures, name, inputs):
    signature = signatures[name]
    outputs = {key: tensor.name for key, tensor in signature.outputs.items()}
    fed = {signature.inputs[key].name: value for key, value in inputs.items()}
    try:
        try:
            return session.run(outputs, fed)
        except ValueError:
            return _as_a_server(session, outputs, fed)
    except tf.errors.OpError as error:
        return error.message


def _as_a_server(session, outputs, fed):
    place = lambda name: session.graph.get_tensor_by_name(name)._as_tf_output()
    session._extend_graph()
    feeds = {place(name): value for name, value in fed.items()}
    return dict(zip(outputs, session._call_tf_sessionrun(None, feeds, [*map(place, outputs.values())], [], None)))


if __name__ == "__main__":
    main(*sys.argv[1:])
