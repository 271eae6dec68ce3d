"""Do two sets of outputs agree? Functions give None, or a sentence that says where they do not."""
import numpy as np

RTOL, ATOL = 1e-3, 1e-5
# Between graphs that compute one thing in different orders, and against the rounded numbers of expected.json.
LOOSE_ATOL = 5e-5
LARGEST_DOUBT = 3e-5  # what engines differ by on the zoo's fp32 models, absolute (its README)


def difference(got, want, rtol=RTOL, atol=ATOL):
    if got.shape != want.shape or (got.dtype != want.dtype and {got.dtype.kind, want.dtype.kind} - set("OU")):
        return f"{got.dtype}{list(got.shape)} against {want.dtype}{list(want.shape)}"
    if want.dtype.kind not in "fc":
        wrong = np.argwhere(np.asarray(got != want))
    else:
        wrong = np.argwhere(~np.isclose(got, want, rtol=rtol, atol=atol, equal_nan=True))
    if not len(wrong):
        return None
    at = tuple(wrong[0])
    return f"{len(wrong)} of {want.size} differ, the first at {[int(i) for i in at]}: {got[at]!r} against {want[at]!r}"


def outputs_difference(got, want, rtol=RTOL, atol=ATOL):
    if set(got) != set(want):
        return f"outputs {sorted(got)} against {sorted(want)}"
    for name, value in want.items():
        reason = difference(np.asarray(got[name]), np.asarray(value), rtol, atol)
        if reason:
            return f"{name}: {reason}"
    return None


def relative(got, want):
    """The largest difference of any output, as a part of that output's largest value; what is no float must be equal."""
    worst = 0.0
    for name, value in want.items():
        value, other = np.asarray(value), np.asarray(got[name])
        if value.shape != other.shape or (value.dtype.kind != "f" and not np.array_equal(value, other)):
            return np.inf
        if value.dtype.kind == "f" and value.size:
            apart, size = np.abs(other.astype(np.float64) - value), np.max(np.abs(value[np.isfinite(value)]), initial=0.0)
            if not np.array_equal(np.isfinite(value), np.isfinite(other)):
                return np.inf
            worst = max(worst, float(np.max(apart[np.isfinite(apart)], initial=0.0)) / max(float(size), 1e-30))
    return worst


def largest(got, want):
    """The largest absolute difference over all float outputs."""
    pairs = [(np.asarray(got[n]), np.asarray(v)) for n, v in want.items() if np.asarray(v).dtype.kind == "f" and np.asarray(v).size]
    return max((float(np.max(np.abs(g.astype(np.float64) - w))) for g, w in pairs), default=0.0)


def typical(got, want):
    """The root of the mean square of the differences of all float outputs."""
    pairs = [(np.asarray(got[n]).astype(np.float64), np.asarray(v)) for n, v in want.items() if np.asarray(v).dtype.kind == "f"]
    return float(np.sqrt(np.mean(np.concatenate([(g - w).ravel() ** 2 for g, w in pairs])))) if pairs else 0.0


def summary_difference(got, expected, atol=LOOSE_ATOL):
    """Against the summaries of expected.json: shape, dtype, extremes, moments and the first values of each output."""
    for name, want in expected.items():
        if name not in got:
            return f"no output {name}"
        value = np.asarray(got[name])
        if list(value.shape) != want["shape"] or (value.dtype.kind not in "OU" and value.dtype.name != want["dtype"]):
            return f"{name}: {value.dtype}{list(value.shape)} against {want['dtype']}{want['shape']}"
        if not value.size or value.dtype.kind in "OU":
            if value.ravel()[:len(want.get("first", []))].tolist() != want.get("first", []):
                return f"{name}: {value.ravel()[:8].tolist()} against {want['first']}"
            continue
        wide = value.astype(np.float64)
        numbers = {"min": wide.min(), "max": wide.max(), "mean": wide.mean(), "std": wide.std(), "first": wide.ravel()[:len(want.get("first", []))]}
        for key, number in numbers.items():
            if key in want and not np.allclose(number, want[key], rtol=RTOL, atol=max(atol, LOOSE_ATOL)):
                return f"{name}: {key} {number} against {want[key]}"
    return None
