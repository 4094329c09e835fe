"""Which images are watched."""

from types import SimpleNamespace

from semicurv_tf.training.monitor import monitored_images

TRAIN, VALIDATION = [None] * 200, [None] * 50


def watched(choice, validation=VALIDATION):
    dataset = SimpleNamespace(train=TRAIN, validation=validation)
    return monitored_images(choice, 32, dataset, [3, 7], list(range(10, 200)))


def test_no_mask_that_is_taught_passes_for_hidden():
    dataset = SimpleNamespace(train=TRAIN, validation=VALIDATION)
    assert monitored_images("hidden", 32, dataset, [3, 7], [3, 5, 7, 9]).indices == [5, 9]
    assert monitored_images("hidden", 32, dataset, [3, 7], [3, 7])[:2] == ("labelled", TRAIN)


def test_auto_takes_validation_images_where_there_are_any():
    assert watched("auto")[:2] == ("validation", VALIDATION)
    assert watched("auto", None) == ("labelled", TRAIN, [3, 7])


def test_hidden_takes_unlabelled_training_images_evenly_spread():
    name, store, indices = watched("hidden")
    assert name.startswith("hidden") and store is TRAIN
    assert len(indices) <= 32 and indices[0] == 10 and indices[-1] > 180
