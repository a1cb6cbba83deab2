"""Whether two captures are of the same layers, bit for bit."""

import torch


def assert_equal(one, two):
    assert one.layers == two.layers
    assert one.available == two.available
    assert one.reasons == two.reasons
    values = ((*got.maps, *got.gradients, got.logits) for got in (one, two))
    assert all(map(torch.equal, *values))
