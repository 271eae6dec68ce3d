#!/usr/bin/env python3
"""Fits the polynomials of src/backends/native/kernels/vector_math.h and prints their coefficients.

    python3 tools/fit_polynomials.py          # needs numpy

Each fit minimises the largest weighted error over Chebyshev nodes (Lawson's reweighting of least squares).
"""
import math

import numpy as np


def minimax(points, values, weights, powers):
    """Coefficients c with max |weights * (sum c_i points^powers_i - values)| about as small as it gets."""
    columns = np.stack([points**power for power in powers], axis=1) * weights[:, None]
    target = values * weights
    lawson = np.full(len(points), 1.0 / len(points))
    best, best_error = None, math.inf
    for _ in range(400):
        root = np.sqrt(lawson)
        fit, *_ = np.linalg.lstsq(columns * root[:, None], target * root, rcond=None)
        errors = np.abs(columns @ fit - target)
        if errors.max() < best_error:
            best, best_error = fit, errors.max()
        lawson *= errors
        lawson /= lawson.sum()
    return best, best_error


def nodes(low, high, count=2000):
    return (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * (np.arange(count) + 0.5) / count)


def show(name, result):
    fit, error = result
    print(f"{name}: error {error:.2e}")
    print("  {" + ", ".join(f"{float(np.float32(c)):.9g}f" for c in fit) + "}")


def vectorised(function):
    return np.vectorize(function, otypes=[float])


def main():
    r = nodes(-0.3475, 0.3475)
    show("exp(r) = 1 + r + r^2 p(r)", minimax(r, np.expm1(r) - r, 1 / np.exp(r), range(2, 7)))

    f = nodes(math.sqrt(0.5) - 1, math.sqrt(2) - 1)
    tail = np.log1p(f) - f + f * f / 2
    show("log(1+f) = f - f^2/2 + f^3 p(f)", minimax(f, tail, 1 / np.log1p(f), range(3, 12)))

    x = nodes(1e-3, 0.64)
    show("tanh(x) = x + x^3 p(x^2)", minimax(x, np.tanh(x) - x, 1 / np.tanh(x), range(3, 12, 2)))

    x = nodes(1e-3, 1.0)
    erf = vectorised(math.erf)(x)
    show("erf(x) = x + x p(x^2)", minimax(x, erf - x, 1 / erf, range(1, 14, 2)))

    x = nodes(1e-3, math.pi / 4)
    show("sin(x) = x + x^3 p(x^2)", minimax(x, np.sin(x) - x, 1 / np.sin(x), range(3, 10, 2)))
    show("cos(x) = 1 - x^2/2 + x^4 p(x^2)", minimax(x, np.cos(x) - 1 + x * x / 2, 1 / np.cos(x), range(4, 9, 2)))

    x = nodes(1e-3, 0.5)
    show("asin(x) = x + x^3 p(x^2)", minimax(x, np.arcsin(x) - x, 1 / np.arcsin(x), range(3, 12, 2)))
    x = nodes(1e-3, math.tan(math.pi / 8))
    show("atan(x) = x + x^3 p(x^2)", minimax(x, np.arctan(x) - x, 1 / np.arctan(x), range(3, 12, 2)))

    # Upper tail of the normal distribution: tail(t) = exp(-t^2/2) p((t - 3) / (t + 3)) / (t + 3).
    t = np.concatenate([nodes(0, 3), nodes(3, 15)])
    q = vectorised(lambda v: math.erfc(v / math.sqrt(2)) / 2 * math.exp(v * v / 2))(t) * (t + 3)
    show("tail(t)", minimax((t - 3) / (t + 3), q, 1 / q, range(0, 11)))


main()
