"""Which part of a TensorFlow training step takes how long, from the profiler's trace of single operations."""

import functools
import re
import tempfile
from collections import Counter
from pathlib import Path

import tensorflow as tf

# Part: what an operation's name holds, scopes included, or its type. The first that fits counts.
PARTS = (
    ("warps and their gradient", r"PART_warp"),
    ("moving average (EMA)", r"PART_ema"),
    ("losses", r"PART_losses"),
    ("optimizer and clipping", r"\badam/|\bsgd/|clip_by_value|:ResourceApply"),
    ("input", r"PyFunc|IteratorGetNext|^Iterator::|tf_data"),
    ("convolutions", r":\w*Conv2D|:\w*BiasAdd"),
    ("batch normalisation", r":\w*FusedBatchNorm|_norm(_\d+)?/"),
    ("up-sampling", r":Resize|\bupsample"),
    ("pooling", r":\w*MaxPool"),
    ("concatenation, slices", r":(Concat|Slice|Split|StridedSlice)"),
    ("ReLU and additions", r":\w*(Relu|ReluGrad|AddV2|AddN|_MklNativeFusedEltwise)$"),
    ("casts", r":Cast$"),
)
REST = "the rest"


def name_parts():
    """Puts the functions that are to be told apart into name scopes; to be called before anything is traced."""
    from semicurv_tf.geometry import warp as warp_module
    from semicurv_tf.methods import learner, random_views, semicurv, teacher_term

    for module, name, scope in (
        (learner, "warp", "PART_warp"),
        (learner, "unwarp", "PART_warp"),
        (random_views, "warp", "PART_warp"),
        (random_views, "seen_by_view", "PART_warp"),
        (random_views, "sample_transforms", "PART_warp"),
        (teacher_term, "unwarp", "PART_warp"),
        (warp_module, "_scatter", "PART_warp"),
        (learner, "update_average", "PART_ema"),
        (learner, "dice_loss", "PART_losses"),
        (learner, "batch_iou", "PART_losses"),
        (semicurv, "npair_loss", "PART_losses"),
    ):
        setattr(module, name, _in_scope(getattr(module, name), scope))


def _in_scope(function, scope):
    @functools.wraps(function)
    def scoped(*args, **kwargs):
        with tf.name_scope(scope):
            return function(*args, **kwargs)

    return scoped


class Trace:
    """Profiles a block of steps."""

    def start(self):
        """Begins to record."""
        self._folder = tempfile.TemporaryDirectory()
        options = tf.profiler.experimental.ProfilerOptions(
            host_tracer_level=2, python_tracer_level=0, device_tracer_level=0
        )
        tf.profiler.experimental.start(self._folder.name, options)

    def stop(self, steps):
        """Ends the recording.

        Returns:
            `{"milliseconds": {part: thread time per step}, "operations": {type: the same, the longest of the rest}}`.
        """
        tf.profiler.experimental.stop()
        with self._folder as folder:
            (path,) = Path(folder).rglob("*.xplane.pb")
            return _durations(path.read_bytes(), steps)


def _durations(content, steps):
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space = xplane_pb2.XSpace.FromString(content)
    plane = next(plane for plane in space.planes if plane.name == "/host:CPU")
    parts, others = Counter(), Counter()
    for line in plane.lines:
        if line.name == "python":
            continue
        for name, picoseconds in _own_durations(line, plane.event_metadata):
            milliseconds = picoseconds / 1e9 / steps
            part = next((part for part, pattern in PARTS if re.search(pattern, name)), REST)
            parts[part] += milliseconds
            if part == REST:
                others[name.rsplit(":", 1)[-1]] += milliseconds
    return {"milliseconds": dict(parts.most_common()), "operations": dict(others.most_common(12))}


def _own_durations(line, metadata):
    """Name and duration of each operation of a thread, without the operations inside it."""
    open_events = []  # (end, name, duration, duration of those inside)
    events = sorted(line.events, key=lambda event: (event.offset_ps, -event.duration_ps))
    for event in events:
        name = metadata[event.metadata_id].name
        if "::" in name and not name.startswith("Iterator::"):  # the executor's own book-keeping
            continue
        while open_events and open_events[-1][0] <= event.offset_ps:
            _, done, duration, inside = open_events.pop()
            yield done, duration - inside
        if open_events and ":" not in name:  # a loop of the operation that it is in
            continue
        if open_events:
            open_events[-1][3] += event.duration_ps
        open_events.append([event.offset_ps + event.duration_ps, name, event.duration_ps, 0])
    for _, done, duration, inside in open_events:
        yield done, duration - inside
