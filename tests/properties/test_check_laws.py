"""tensors: checks let through what is right, and name what is wrong."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from strategies import HALVES, batches, drawn, dtypes, near, seeds, shapes, times

from utils.tensors import (
    at_least_float32,
    check_floating,
    check_images,
    check_int,
    check_labels,
    check_nonnegative,
    check_output,
    check_positive_int,
    check_same_shape,
    check_samples,
    check_time,
    check_type,
    check_unit_interval,
    expand_time,
    randn_like,
    whole,
)

NOT_TENSORS = st.sampled_from([None, 0.5, "x", [1.0], (1,)])
INTEGERS = st.sampled_from([torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64])


@given(st.data())
def test_each_sample_meets_its_own_time(data):
    shape = data.draw(shapes())
    x = data.draw(batches(shape, data.draw(dtypes)))
    t = data.draw(times(len(x), x.dtype, numbers=False))
    product = expand_time(t, x) * x
    assert product.shape == x.shape
    for i in range(len(x)):  # B = D, too: the wrong axis would fit
        near(product[i], (t[i] if t.ndim else t).double() * x[i].double(), x.dtype, 1)


@given(st.data())
def test_a_time_of_another_shape_is_refused(data):
    x = torch.ones(data.draw(shapes()))
    t = torch.rand(data.draw(st.sampled_from([(len(x) + 1,), (len(x), 1), (1, len(x))])))
    for call in (lambda: expand_time(t, x), lambda: check_time("t", t, x)):
        with pytest.raises(ValueError, match="t must have shape"):
            call()
    with pytest.raises(TypeError, match="t must be a torch.Tensor"):
        expand_time(data.draw(NOT_TENSORS), x)


@given(st.data())
def test_samples_pass_unchanged_whatever_their_layout(data):
    x = data.draw(batches(data.draw(shapes()), data.draw(dtypes)))
    assert check_samples("x", x) is x and check_samples("x", x, x.ndim) is x
    check_floating("x", x)
    check_same_shape("a", x, "b", x.detach().clone())
    wide = at_least_float32(x)
    assert wide.dtype == (torch.float32 if x.dtype in HALVES else x.dtype)
    assert torch.equal(wide.to(x.dtype), x)


@given(st.data())
def test_an_output_has_the_shape_of_the_input(data):
    x = data.draw(batches(data.draw(shapes()), data.draw(dtypes)))
    same = x.detach().clone()
    assert check_output("some_model", same, x) is same
    for wrong in (x[..., None], x.sum(), x[:0], data.draw(NOT_TENSORS)):
        with pytest.raises(ValueError, match="some_model must return shape"):
            check_output("some_model", wrong, x)


@given(st.data())
def test_samples_that_are_none_are_refused_by_name(data):
    x = data.draw(batches(data.draw(shapes()), data.draw(dtypes), awkward=False))
    place = data.draw(st.integers(0, x.numel() - 1))
    bad = x.clone()
    bad.view(-1)[place] = data.draw(st.sampled_from([math.nan, math.inf, -math.inf]))
    for value in (bad, x[:0], x.sum()):
        with pytest.raises(ValueError, match="some_x must"):
            check_samples("some_x", value)
    with pytest.raises(ValueError, match="some_x must have"):
        check_samples("some_x", x, x.ndim + 1)
    for value in (data.draw(NOT_TENSORS), torch.ones(2, 2).to(data.draw(INTEGERS))):
        with pytest.raises(TypeError, match="some_x must be a"):
            check_samples("some_x", value)
        with pytest.raises(TypeError, match="some_x must be a"):
            check_floating("some_x", value)


@given(st.data())
def test_two_that_do_not_belong_together(data):
    x = torch.ones(data.draw(shapes()))
    with pytest.raises(ValueError, match="a and b must have the same shape"):
        check_same_shape("a", x, "b", x[None])
    with pytest.raises(TypeError, match="a and b must share a dtype"):
        check_same_shape("a", x, "b", x.double())
    for pair in ((x, data.draw(NOT_TENSORS)), (data.draw(NOT_TENSORS), x)):
        with pytest.raises(TypeError, match="[ab] must be a torch.Tensor"):
            check_same_shape("a", pair[0], "b", pair[1])


@given(st.data())
def test_times(data):
    x = torch.ones(data.draw(shapes()), dtype=data.draw(dtypes))
    t = data.draw(times(len(x)))
    found = check_time("t", t, x)
    near(found, torch.as_tensor(t, dtype=torch.float64))
    assert found.dtype == (t.dtype if torch.is_tensor(t) else x.dtype)
    check_unit_interval("t", found)
    beyond = data.draw(st.sampled_from([-0.01, 1.01, math.nan, math.inf, -math.inf]))
    for value in (beyond, torch.full((len(x),), beyond)):
        with pytest.raises(ValueError, match="now must lie in"):
            check_time("now", value, x)
    for wrong in (True, "x", None, torch.tensor(1), [0.5]):
        with pytest.raises(TypeError, match="now must be"):
            check_time("now", wrong, x)


@given(dtypes, seeds, shapes())
def test_noise_is_standard_normal_and_repeats(dtype, seed, shape):
    like = torch.zeros(4000, dtype=dtype)
    a, b = (randn_like(like, torch.Generator().manual_seed(seed)) for _ in range(2))
    assert a.dtype == dtype and torch.equal(a, b)
    assert a.double().mean().abs() < 0.1 and (a.double().std() - 1).abs() < 0.08
    assert randn_like(torch.zeros(shape)).shape == shape


@given(st.integers(-5, 50), st.floats(0, 1e300))
def test_counts_and_amounts(n, amount):
    if n >= 1:
        assert check_positive_int("n", n) == n
    else:
        with pytest.raises(ValueError, match="n must be at least 1"):
            check_positive_int("n", n)
    assert check_nonnegative("a", amount) == amount
    assert check_int("n", n) == n
    for wrong in (True, 2.0, "2", None, torch.tensor(2)):
        for check in (check_int, check_positive_int):
            with pytest.raises(TypeError, match="n must be an integer"):
                check("n", wrong)
    for wrong in (-amount - 1, math.nan, math.inf):
        with pytest.raises(ValueError, match="a must be finite"):
            check_nonnegative("a", wrong)
    for wrong in (True, "2", None, torch.tensor(2.0)):
        with pytest.raises(TypeError, match="a must be a number"):
            check_nonnegative("a", wrong)


@given(st.data())
def test_labels_of_every_integer_type(data):
    dtype, null = data.draw(INTEGERS), data.draw(st.integers(1, 2000))
    most = min(null, torch.iinfo(dtype).max)
    labels = torch.tensor(data.draw(st.lists(st.integers(0, most), min_size=1, max_size=5)))
    x = torch.ones(len(labels), 1)
    found = check_labels(labels.to(dtype), x, null)
    assert found.dtype == torch.int64 and torch.equal(found, labels)
    assert torch.equal(whole("n", labels.to(dtype)), labels)
    assert check_labels(None, x, null).tolist() == [null] * len(x)
    for wrong in (labels + null + 1, -labels - 1, labels[None]):
        with pytest.raises(ValueError, match="labels must"):
            check_labels(wrong, x, null)
    for wrong in (labels.float(), labels > 0, labels.tolist()):
        with pytest.raises(TypeError, match="labels must be"):
            check_labels(wrong, x, null)


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.sampled_from([1, 2, 4]))
def test_images(batch, channels, size, divisor):
    x = torch.ones(batch, channels, size * divisor, divisor)
    check_images(x, torch.rand(batch), channels, divisor)
    check_images(x, torch.tensor(0.5), channels, divisor)
    wrong = [(x[0], channels, 1), (x, channels + 1, 1), (x, channels, 5 * divisor)]
    for image, count, by in wrong:
        with pytest.raises(ValueError, match="x must have shape"):
            check_images(image, torch.tensor(0.5), count, by)
    with pytest.raises(ValueError, match="t must have shape"):
        check_images(x, torch.rand(batch + 1), channels, divisor)
    with pytest.raises(TypeError, match="x must be a floating"):
        check_images(x.long(), torch.tensor(0.5), channels)


def test_types_by_name():
    check_type("a", drawn(0, 1), torch.Tensor)
    with pytest.raises(TypeError, match="a must be a torch.Tensor, got int: 3"):
        check_type("a", 3, torch.Tensor)
