import numpy as np
import pytest

from inv_widgets.id_index import IdIndex


@pytest.mark.parametrize("ids", [[], ["b", "a", "b", "ä", "a much longer one", ""]])
def test_numbers_are_places_in_the_alphabet(ids):
    index = IdIndex(ids)
    known = sorted(set(ids))
    assert list(index) == known == [index[number] for number in range(len(index))]
    assert [ids[place] for place in index.first] == known
    assert index.first.tolist() == [ids.index(one) for one in known]
    asked = [*known, "c", "a much longer one than all", "a much longer on", "🦶", "aa"]
    assert index.numbers(asked).tolist() == [*range(len(known)), *[-1] * 5]
    assert all(one in index for one in known)
    assert "c" not in index
    assert 3 not in index
    assert index.numbers([]).dtype == np.intp
