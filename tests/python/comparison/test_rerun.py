"""result.rerun: one more picture in the same way, for the view."""

import numpy as np
import pytest

import inv_widgets as inv


@pytest.fixture(scope="module")
def live():
    net = inv.Classifier.demo("fashion")
    masks = np.ones((28, 28), bool)
    return inv.compare(net, inv.datasets.fashion()[:1], ["grad_cam", ("occlusion", {"stride": 4})], masks=masks)


def test_no_methods_give_the_prediction_alone(live):
    picture = inv.datasets.fashion()[4]
    result = live.rerun(picture, None, [])
    assert result.maps == ((),)
    assert result.pictures[0].target == result.pictures[0].predictions[0].index
    assert len(live.rerun.categories) == 10


def test_some_or_all_methods_another_class_and_no_bar(live, capsys, recwarn):
    picture = inv.datasets.fashion()[4]
    result = live.rerun(picture, 9, ["occlusion"])
    assert [method.key for method in result.methods] == ["occlusion"]
    assert result.methods[0].parameters["stride"] == 4
    assert result.pictures[0].target == 9
    assert "ebpg" not in result.metrics, "there is no mask"
    assert [method.key for method in live.rerun(picture).methods] == ["grad_cam", "occlusion"]
    assert capsys.readouterr() == ("", "")
    assert not recwarn.list


def test_progress_is_told_and_what_it_raises_ends_the_method(live):
    picture, told = inv.datasets.fashion()[4], []
    live.rerun(picture, None, ["occlusion"], progress=lambda *words: told.append(words))
    title, done, total = told[-1]
    assert title == "Occlusion"
    assert done == total > 0

    class StopError(Exception):
        pass

    def stop(*_):
        raise StopError

    with pytest.raises(StopError):
        live.rerun(picture, None, ["occlusion"], progress=stop)
    # Nobody is told any more.
    assert live.rerun(picture, None, ["occlusion"]).maps[0][0].native is not None
    assert len(told) == len(set(told))
