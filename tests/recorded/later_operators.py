"""Cases that came after those of record_operators.py: apart, so that its random numbers stay."""
import numpy as np
from operator_cases import case, f, i32, one, random, s8, same_as, u8


def expert_mixture(x, choices, layers, activation):
    """Sum over the chosen (expert, share) of share * second(activation(first(x)))."""
    out = np.zeros(x.shape)
    for token, chosen in enumerate(choices):
        for expert, share in chosen:
            (w1, b1), (w2, b2) = ((w[expert].astype(np.float64), b[expert] if b is not None else 0) for w, b in layers)
            out[token] += share * (w2 @ activation(w1 @ x[token] + b1) + b2)
    return out.astype(np.float32)


def sparse_mixer(scores):
    """Phi-3.5-MoE's router, as its published Python code has it (jitter 0.01)."""
    out = []
    for row in scores.astype(np.float64):
        first = int(np.argmax(row))

        def share(values, at):
            best = values[at]
            far = (best - row) / np.maximum(np.abs(row), best) > 0.02
            e = np.where(far, 0, np.exp(values - best))
            return e[at] / e.sum()
        rest = np.where(np.arange(len(row)) == first, -np.inf, row)
        second = int(np.argmax(rest))
        out.append([(first, share(row, first)), (second, share(rest, second))])
    return out


def top(scores, k):
    out = []
    for row in scores.astype(np.float64):
        best = np.argsort(-row, kind="stable")[:k]
        e = np.exp(row[best] - row.max())
        out.append(list(zip(best, e / np.exp(row - row.max()).sum())))
    return out


def further_experts():
    """ONNX Runtime's CPU kernels have neither the sparse mixer nor weights of small floats: the formulas of its documentation."""
    import ml_dtypes
    e, hidden, inner, tokens = 4, 8, 6, 6
    layers = [(f(e, inner, hidden), f(e, inner)), (f(e, hidden, inner), f(e, hidden))]
    x = f(tokens, hidden)
    scores = np.array([[1, 2, 3, 4], [1, 0.99, 0.985, 0.3], [5, 5, 4.95, 1], [-1, -1.01, -3, -2], [0.2, 0.1, -4, 0.199], [-2, 7, 6.9, 6.87]], np.float32)
    relu = lambda a: np.maximum(a, 0)
    case("MoE", [x, scores, *layers[0], *layers[1]], activation_type="relu", k=2, use_sparse_mixer=1, formula=[expert_mixture(x, sparse_mixer(scores), layers, relu)])
    silu = lambda a: a / (1 + np.exp(-a))
    e, hidden, inner, tokens = 3, 64, 32, 4
    x, scores = f(tokens, hidden), f(tokens, e)
    fp4 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6])
    for kind, block, scale_type in (("fp4", 32, ml_dtypes.float8_e8m0fnu), ("nvfp4", 16, ml_dtypes.float8_e4m3fn)):
        inputs, layers = [], []
        for rows, columns in ((inner, hidden), (hidden, inner)):
            codes, bias = u8(e, rows, columns // 2), f(e, rows)
            scales = (2.0 ** random.integers(-5, -1, (e, rows, columns // block))).astype(scale_type)
            overall = np.abs(f(e)) + np.float32(0.1)
            w = fp4[np.stack([codes & 15, codes >> 4], -1).reshape(e, rows, columns)] * np.repeat(scales.astype(np.float64), block, -1) * overall[:, None, None]
            inputs.append([codes, scales, bias, overall]), layers.append((w, bias))
        (c1, s1, b1, g1), (c2, s2, b2, g2) = inputs
        case("QMoE", [x, scores, c1, s1, b1, c2, s2, b2, None, None, None, None, None, None, None, g1, g2], activation_type="silu", k=2, quant_type=kind,
             formula=[expert_mixture(x, top(scores, 2), layers, silu)])
    for block in (0, 24):
        inputs, layers = [], []
        for rows, columns in ((inner, hidden), (hidden, inner)):
            w, overall = (f(e, rows, columns) * 2).astype(ml_dtypes.float8_e4m3fn), np.abs(f(e)) * np.float32(0.1)
            count = lambda n: (n + block - 1) // block
            scales = np.abs(f(e, count(rows), count(columns))) * np.float32(0.1) if block else None
            wide = np.repeat(np.repeat(scales, block, 1), block, 2)[:, :rows, :columns] if block else overall[:, None, None]
            inputs.append([w, scales, overall if not block else None]), layers.append((w.astype(np.float64) * wide, None))
        (w1, s1, g1), (w2, s2, g2) = inputs
        extra = dict(block_size=block) if block else {}
        case("QMoE", [x, scores, w1, s1, None, w2, s2, None, None, None, None, None, None, None, None, g1, g2], activation_type="relu", k=1, quant_type="fp8",
             formula=[expert_mixture(x, top(scores, 1), layers, relu)], **extra)


def further_grouped():
    b, s, heads, kv, head = 2, 3, 4, 2, 16
    sizes = dict(num_heads=heads, kv_num_heads=kv)
    cos, sin = np.cos(f(16, head // 2)), np.sin(f(16, head // 2))
    first = [f(b, s, heads * head), f(b, s, kv * head), f(b, s, kv * head), None, None, np.array([s - 1, s - 1], np.int32), np.int32(s)]
    later = [f(b, 1, heads * head), f(b, 1, kv * head), f(b, 1, kv * head), f(b, kv, 6, head), f(b, kv, 6, head), np.array([4, 3], np.int32), np.int32(5)]
    bias = f(b, 1, s, s)
    for qk in (1, 2):
        case("GroupQueryAttention", first, [True, False, False, True], qk_output=qk, softcap=2.0, **sizes)
        case("GroupQueryAttention", [*first, None, None, None, bias], [True, False, False, True], qk_output=qk, **sizes)
        case("GroupQueryAttention", first, [True, False, False, True], qk_output=qk, local_window_size=2, **sizes)
        case("GroupQueryAttention", later, 4, qk_output=qk, **sizes)  # without the presents ONNX Runtime forgets the past
    # Caches of integers.
    empty, sevens = np.zeros((b, kv, 0, head), np.int8), np.array([0.3], np.float32)
    for kind, scale in (("PER_TENSOR", np.array([0.02], np.float32)), ("PER_CHANNEL", np.abs(f(1, kv, 1, head, scale=0.01)) + np.float32(0.01))):
        for bits, past, times in ((8, [s8(b, kv, 6, head), s8(b, kv, 6, head)], 1), (4, [u8(b, kv, 6, head // 2), u8(b, kv, 6, head // 2)], 16)):
            settings = dict(k_quant_type=kind, v_quant_type=kind, kv_cache_bit_width=bits, **sizes)
            scales = [scale * np.float32(times), scale * np.float32(times * 1.5)]
            case("GroupQueryAttention", [*later[:3], *past, *later[5:], *[None] * 5, *scales], 3, **settings)
            none = [p[:, :, :0] for p in past]
            case("GroupQueryAttention", [*first[:3], *none, *first[5:], cos, sin, None, None, None, *scales], 3, do_rotary=1, **settings)
    # Windows: what they keep, token by token and several at once.
    for rows, window, total, new in ((4, 3, 3, 1), (4, 3, 4, 1), (4, 3, 5, 1), (4, 3, 6, 1), (3, 3, 7, 1), (6, 3, 9, 1), (4, 3, 9, 4), (3, 2, 8, 5)):
        tokens = [f(1, new, heads * head), f(1, new, kv * head), f(1, new, kv * head), f(1, kv, rows, head), f(1, kv, rows, head), np.array([total - 1], np.int32),
                  np.int32(total), cos, sin, None, f(1, heads, new, total)]
        settings = dict(sliding_window_cache=1, local_window_size=window, do_rotary=1, **sizes)
        want, step = same_as("GroupQueryAttention", tokens, 3, **settings), rows - window + 1
        for cache in want[1:]:
            cache[:, :, total - max(0, -((rows - total) // step)) * step:] = 0  # what lies behind the kept rows is not specified
        case("GroupQueryAttention", tokens, 3, formula=want, **settings)
    # Norms of queries and keys: what ONNX Runtime says of normalised ones.
    gains = [f(head), f(head)]

    def normalised(x, gain):
        y = x.astype(np.float64).reshape(*x.shape[:2], -1, head)
        return (y / np.sqrt((y ** 2).mean(-1, keepdims=True) + 1e-5) * gain).reshape(x.shape).astype(np.float32)
    rotated = dict(do_rotary=1, **sizes)
    want = same_as("GroupQueryAttention", [normalised(first[0], gains[0]), normalised(first[1], gains[1]), *first[2:], cos, sin], 3, **rotated)
    case("GroupQueryAttention", [*first, cos, sin, *[None] * 5, *gains], 3, formula=want, qk_norm_epsilon=1e-5, **rotated)


PARTS = (further_experts, further_grouped)
