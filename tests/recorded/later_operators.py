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


def paged(heads, kv, lengths, past, table, size, q, k, v, key_cache, value_cache, *, width=0, causal=1, window=-1, softcap=0.0, scale=0, sink=None, slots=None,
          turn=None, store=lambda x, c: x, read=lambda x, c: x):
    """PagedAttention as its documentation says, token by token. The caches are changed."""
    head = q.shape[1] // heads
    width = width or head
    starts, out = np.cumsum([0, *lengths]), []
    place = lambda b, at: (table[b][at // size], at % size)
    for b, count in enumerate(lengths):
        for t in range(count):
            token, at = starts[b] + t, past[b] + t
            block, row = place(b, at) if slots is None else (slots[token] // size, slots[token] % size)
            if slots is not None and slots[token] < 0:
                continue
            new = k[token].reshape(kv, head)
            key_cache[block, row] = store(turn(new, at) if turn else new, 0)
            if value_cache is not None:
                value_cache[block, row] = store(v[token].reshape(kv, head), 1)
    for b, count in enumerate(lengths):
        for t in range(count):
            at, row = past[b] + t, []
            for h in range(heads):
                query = q[starts[b] + t].reshape(heads, head)[h:h + 1]
                query = (turn(query, at) if turn else query)[0].astype(np.float64)
                last = at + 1 if causal else past[b] + count
                first = max(0, at + 1 - window) if window > 0 else 0
                cells = [place(b, p) for p in range(first, last)]
                keys = np.array([read(key_cache[c], 0)[h * kv // heads] for c in cells], np.float64)
                values = keys if value_cache is None else np.array([read(value_cache[c], 1)[h * kv // heads] for c in cells], np.float64)
                scores = keys @ query * (scale or head ** -0.5)
                scores = softcap * np.tanh(scores / softcap) if softcap else scores
                e = np.exp(scores - scores.max())
                e /= e.sum() + (np.exp(float(sink[h]) - scores.max()) if sink is not None else 0)
                row.append(e @ values[:, :width])
            out.append(np.concatenate(row))
    return np.array(out).astype(q.dtype)


def further_rotary():
    x, cos, sin, ids = f(2, 3, 64), np.cos(f(16, 8)), np.sin(f(16, 8)), np.array([[0, 3, 5], [1, 2, 3]], np.int64)
    case("RotaryEmbedding", [x, ids, cos, sin], scale=2.0)
    case("RotaryEmbedding", [x, ids, cos, sin], is_packed_batching=1)


def rare_types():
    """Types that ONNX Runtime's kernels refuse: from the definitions."""
    own = dict(domain="ai.onnx")
    pairs = lambda *shape: (f(*shape) + 1j * f(*shape)).astype(np.complex64)
    # Whole positions of a 3 x 4 image, one of them outside: [row, column] at (2 x + 1) / size - 1.
    rows, columns = np.array([[0, 2], [1, 5]]), np.array([[3, 0], [2, 1]])
    grid = np.stack([(2 * columns + 1) / 4 - 1, (2 * rows + 1) / 3 - 1], -1)[None].astype(np.float32)
    words = np.array([f"w{i}" for i in range(12)], object).reshape(1, 1, 3, 4)
    for image, none in ((pairs(1, 2, 3, 4), 0), (random.integers(0, 2, (1, 1, 3, 4)).astype(bool), False), (words, "")):
        want = image[:, :, np.minimum(rows, 2), columns].copy()
        want[:, :, rows > 2] = none
        case("GridSample", [image, grid], formula=[want], mode="nearest", **own)
    image, between = pairs(1, 1, 3, 4), np.array([[[[-0.25, 0.0], [0.25, 2 / 3]]]], np.float32)  # columns 1 and 2 of row 1; of row 2
    case("GridSample", [image, between], formula=[np.array([[[[image[0, 0, 1, 1], image[0, 0, 2, 2]]]]])], mode="bilinear", **own)
    case("GridSample", [image, between * 0], formula=[(image[:, :, 1:2, 1:2] + image[:, :, 1:2, 2:3]).repeat(2, 3) / 2], mode="bilinear", **own)
    blocks = pairs(1, 4, 6)
    want = np.zeros((1, 1, 3, 4), np.complex64)
    for tap in range(4):
        want[0, 0, tap // 2:tap // 2 + 2, tap % 2:tap % 2 + 3] += blocks[0, tap].reshape(2, 3)
    case("Col2Im", [blocks, np.array([3, 4], np.int64), np.array([2, 2], np.int64)], formula=[want], **own)
    z = np.array([1 + 2j, 1 + 1j, 0 + 5j, 1 + 2j, 0 + 5j], np.complex128)
    unique, first, inverse, counts = np.unique(z, return_index=True, return_inverse=True, return_counts=True)
    case("Unique", [z], 4, formula=[unique, first, inverse, counts], **own)
    base, at, new = pairs(3, 2), np.array([[0, 2], [0, 2]], np.int64), pairs(2, 2)
    for reduction, of in (("add", np.add), ("mul", np.multiply)):
        want = base.copy()
        of.at(want, (at, np.array([[0, 1], [0, 1]])), new)
        case("ScatterElements", [base, at, new], formula=[want], reduction=reduction, **own)


def further_paged():
    """No kernel on CPUs: by the documentation."""
    heads, kv, head, size, blocks = 4, 2, 8, 4, 7
    lengths, past, table = [1, 3, 2], [5, 0, 6], np.array([[3, 1], [0, 6], [5, 2]], np.int32)
    ends, tokens = np.cumsum([0, *lengths]).astype(np.int32), sum(lengths)
    half = lambda *shape: f(*shape).astype(np.float16)
    sizes = dict(num_heads=heads, kv_num_heads=kv)
    where = [ends, np.array(past, np.int32), table]

    def add(extra=(), packed=False, more={}, **told):
        q, k, v = half(tokens, heads * head), half(tokens, kv * head), half(tokens, kv * head)
        caches = [half(blocks, size, kv, head), half(blocks, size, kv, head)]
        after = [c.copy() for c in caches]
        want = paged(heads, kv, lengths, past, table, size, q, k, v, *after, **told)
        inputs = [np.concatenate([q, k, v], 1), None, None] if packed else [q, k, v]
        case("PagedAttention", [*inputs, *caches, *where, *extra], 3, formula=[want, *after], **sizes, **more)
    add()
    add(packed=True, window=3, more=dict(local_window_size=3))
    add(causal=0, softcap=1.5, scale=0.3, more=dict(is_causal=0, softcap=1.5, scale=0.3))
    sink = half(heads)
    slots = np.array([13, 26, -1, 2, 8, 9], np.int32)  # what lies there is what sequences read, or not
    add([None, None, slots, sink], sink=sink, slots=slots)
    angles = f(12, head // 2)
    cos, sin = np.cos(angles).astype(np.float16), np.sin(angles).astype(np.float16)

    def turn(x, at, first=0, pairs=head // 2):
        y, c, s = x.astype(np.float64), cos[at, :pairs].astype(np.float64), sin[at, :pairs].astype(np.float64)
        a, b = y[:, first:first + pairs].copy(), y[:, first + pairs:first + 2 * pairs].copy()
        y[:, first:first + pairs], y[:, first + pairs:first + 2 * pairs] = c * a - s * b, s * a + c * b
        return y.astype(np.float32)
    add([cos, sin], turn=turn, more=dict(do_rotary=1))
    # Latent: one cache, whose leading channels are the values.
    rows, head = 16, 16
    q, k, cache = half(tokens, heads * rows), half(tokens, rows), half(blocks, size, 1, rows)
    cos, sin = np.cos(f(12, 4)).astype(np.float16), np.sin(f(12, 4)).astype(np.float16)
    after = cache.copy()
    want = paged(heads, 1, lengths, past, table, size, q, k, None, after, None, width=8, scale=0.2, turn=lambda x, at: turn(x, at, 8, 4))
    case("PagedAttention", [q, k, None, cache, None, *where, cos, sin], 2, formula=[want, after], num_heads=heads, kv_num_heads=1, kv_cache_layout="LATENT", v_head_size=8,
         scale=0.2, do_rotary=1, rotary_offset=8)
    # Quantized: int8 with a scale for each channel, int4 two to a byte.
    head = 8
    q, k, v = half(tokens, heads * head), half(tokens, kv * head), half(tokens, kv * head)
    scales = [np.abs(f(kv, 1, head, scale=0.01)) + np.float32(0.01) for _ in range(2)]
    caches = [s8(blocks, size, kv, head), s8(blocks, size, kv, head)]
    after = [c.copy() for c in caches]
    want = paged(heads, kv, lengths, past, table, size, q, k, v, *after, store=lambda x, c: np.clip(np.rint(x.astype(np.float32) / scales[c][:, 0]), -128, 127),
                 read=lambda x, c: x * scales[c][:, 0])
    rest = [None] * 6
    case("PagedAttention", [q, k, v, *caches, *where, *rest, *scales], 3, formula=[want, *after], k_quant_type="PER_CHANNEL", v_quant_type="PER_CHANNEL", **sizes)
    scale = np.array([0.3], np.float32)
    caches = [u8(blocks, size, kv, head // 2), u8(blocks, size, kv, head // 2)]
    after = [c.copy() for c in caches]

    def pack(x, c):
        codes = np.clip(np.rint(x.astype(np.float32) / scale), -8, 7).astype(np.int64) & 15
        return codes[:, 0::2] | codes[:, 1::2] << 4

    def unpack(x, c):
        codes = np.stack([x & 15, x >> 4], -1).reshape(kv, head).astype(np.int64)
        return np.where(codes > 7, codes - 16, codes) * scale
    want = paged(heads, kv, lengths, past, table, size, q, k, v, *after, store=pack, read=unpack)
    case("PagedAttention", [q, k, v, *caches, *where, *rest, scale, scale], 3, formula=[want, *after], k_quant_type="PER_TENSOR", v_quant_type="PER_TENSOR",
         k_cache_dtype="int4", v_cache_dtype="int4", **sizes)


def further_attention():
    b, s, heads, head = 2, 4, 2, 4
    hidden = heads * head
    q, k, v = f(b, s, hidden), f(b, 5, hidden), f(b, 5, hidden)
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 0]], np.int32)
    scores = [True, False, False, True]
    case("MultiHeadAttention", [q, k, v, None, mask], scores, num_heads=heads)
    case("MultiHeadAttention", [q, k, v, None, None, f(1, heads, s, 5)], scores, num_heads=heads, scale=0.3)
    case("MultiHeadAttention", [q, f(b, heads, 5, head), f(b, heads, 5, head), f(3 * hidden)], num_heads=heads)
    # Packed with a bias: what ONNX Runtime says of the same apart.
    apart, bias = [f(b, s, hidden) for _ in range(3)], f(3 * hidden)
    packed = np.stack([x.reshape(b, s, heads, head) for x in apart], 3)
    case("MultiHeadAttention", [packed, None, None, bias], num_heads=heads, formula=same_as("MultiHeadAttention", [*apart, bias], 1, num_heads=heads))
    one_token = [f(b, 1, hidden) for _ in range(3)]
    shared, length = [f(b, heads, 8, head) for _ in range(2)], np.array([3], np.int32)
    case("DecoderMaskedMultiHeadAttention", [*one_token, None, None, *shared, length], 4, num_heads=heads, past_present_share_buffer=1, output_qk=1)
    base = [f(b, s, 6), f(6, 3 * hidden), f(3 * hidden)]
    case("Attention", [*base, np.array([4, 2, 0, 4, 6, 0, 4, 8], np.int32)], num_heads=heads)
    # What its CPU kernel has not: the largest mask of all (that of three axes, cut out of it), a buffer that past and present
    # share, and positions of queries and keys.
    largest = np.broadcast_to(np.tril(np.ones((7, 7), np.int32)), (b, 1, 7, 7)).copy()
    past = f(2, b, heads, 3, head)
    want = same_as("Attention", [base[0][:, :2], *base[1:], largest[:, 0, 3:5, :5], past], 2, num_heads=heads)
    case("Attention", [base[0][:, :2], *base[1:], largest, past], 2, num_heads=heads, formula=want)
    buffer = f(2, b, heads, 8, head)
    want = same_as("Attention", [base[0][:, :1], *base[1:], None, buffer[:, :, :, :3]], 2, num_heads=heads)
    want[1] = np.concatenate([want[1], buffer[:, :, :, 4:]], 3)
    case("Attention", [base[0][:, :1], *base[1:], None, buffer, None, np.array([3], np.int32)], 2, num_heads=heads, past_present_share_buffer=1, formula=want)
    for size in (head, 2):
        projected = base[0] @ base[1] + base[2]

        def turned(x, first):
            x, half = x.reshape(b, s, heads, head).astype(np.float64), size // 2
            angle = ((first + np.arange(s))[:, None] * 10000.0 ** (-2 * np.arange(half) / size))[:, None]
            left, right = x[..., :half].copy(), x[..., half:size].copy()
            x[..., :half], x[..., half:size] = left * np.cos(angle) - right * np.sin(angle), right * np.cos(angle) + left * np.sin(angle)
            return x.reshape(b, s, hidden).astype(np.float32)
        apart = np.split(projected, 3, -1)
        pasts = [past[0], past[1]]
        want = same_as("MultiHeadAttention", [turned(apart[0], 3), turned(apart[1], 3), apart[2], None, None, None, *pasts], 3, num_heads=heads)
        case("Attention", [*base, None, past], 2, num_heads=heads, do_rotary=1, rotary_embedding_dim=size, formula=[want[0], np.stack(want[1:])])


PARTS = (further_experts, further_grouped, further_paged, further_attention, further_rotary, rare_types)
