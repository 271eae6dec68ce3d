#!/usr/bin/env python3
"""Makes tests/recorded/microsoft: for each operator of com.microsoft one model whose nodes are its cases, with small random
inputs and what ONNX Runtime answers.

    pip install onnx==1.22.0 onnxruntime==1.31.1 && python3 tests/recorded/record_operators.py [OPERATOR...]

Case 3 of QGemm has the inputs c3.A, c3.B ... and the outputs c3.Y ... of QGemm.onnx and QGemm.npz. Where ONNX Runtime has no
kernel for the CPU, or means something that is not written down, the expected values come from the formula: `formula=`.
"""
import math, sys
import numpy as np
from onnx import helper

import later_operators
from operator_cases import CASES, S, answers, case, f, i32, model_of, random, record, record_default, s8, same_as, u8

# ---- activations, norms, products -------------------------------------------------------------------------------------

def gelu(x):
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def simple():
    case("BiasGelu", [f(2, 3, 8), f(8)])
    case("FastGelu", [f(2, 3, 8), f(8)])
    case("FastGelu", [f(2, 8)])
    case("Gelu", [f(4, 5)])
    case("QuickGelu", [f(4, 5)])
    case("QuickGelu", [f(4, 5)], alpha=0.7)
    x, bias, skip = f(2, 4, 6), f(6), f(2, 4, 6)
    case("BiasAdd", [x, bias, skip], formula=[x + bias + skip])
    x, bias = f(2, 3, 8), f(8)
    left, right = np.split((x + bias).astype(np.float64), 2, -1)
    case("BiasSplitGelu", [x, bias], formula=[(left * gelu(right)).astype(np.float32)])
    for upper in (0, 1):
        case("Trilu", [f(2, 4, 5)], upper=upper)
        case("Trilu", [f(4, 3), np.int64(-1)], upper=upper)
        case("Trilu", [i32(3, 4, 4).astype(np.int64), np.int64(2)], upper=upper)
    for a in (f(3, 3), f(2, 4, 4), f(2, 2, 1, 1), f(5, 5).astype(np.float64)):
        case("Inverse", [a + np.eye(a.shape[-1], dtype=a.dtype) * 2])
    case("GatherND", [f(4, 3, 2), i32(2, 2, high=3)])
    case("GatherND", [f(4, 3, 2), np.array([[1], [-1]], np.int64)])
    case("ExpandDims", [f(2, 3), np.int32(1)])
    case("ExpandDims", [f(2, 3), np.int32(-1)])
    case("Pad", [f(2, 3), np.array([1, 0, 0, 2], np.int64), np.array([7.0], np.float32)])
    case("Pad", [f(3, 4), np.array([[0, 1, 2, 1]], np.int64)], mode="reflect")
    case("Pad", [f(3, 4), np.array([1, 1, 1, 1], np.int64)], mode="edge")
    case("Range", [S(1), S(9), S(2.5)])
    case("Range", [np.array([2], np.int64), np.array([7], np.int64)])
    case("Unique", [np.array([2, 1, 1, 3, 4, 3], np.float32)], 3)
    case("CDist", [f(3, 4), f(5, 4)], metric="euclidean")
    case("CDist", [f(3, 4), f(2, 4)], metric="sqeuclidean")
    case("Tokenizer", [np.array(["hello world", "a bc  d"], object)], separators=[" "], mark=0, pad_value="#", mincharnum=1)
    case("Tokenizer", [np.array([["ab, c;de", "x"]], object)], separators=[", ", ";"], mark=1, pad_value="", mincharnum=1)
    case("Tokenizer", [np.array(["Foo bar12 baz", "q"], object)], tokenexp="[a-z]+[0-9]*", mark=0, pad_value="0xdeadbeaf", mincharnum=2)
    case("Tokenizer", [np.array(["aé", "xyz"], object)], separators=[""], mark=0, pad_value="#", mincharnum=1)
    case("Tokenizer", [np.array(["aé", "xyz"], object)], tokenexp=".", mark=1, pad_value="#", mincharnum=1)


def norms():
    for bias in (None, f(8)):
        case("SkipLayerNormalization", [f(2, 3, 8), f(2, 3, 8), f(8), f(8), bias], [True, False, False, True], epsilon=1e-5)
        case("SkipSimplifiedLayerNormalization", [f(2, 3, 8), f(2, 3, 8), f(8), bias], [True, False, False, True], epsilon=1e-5)
    case("SkipLayerNormalization", [f(2, 3, 8), f(2, 3, 8), f(8)])
    case("SkipLayerNormalization", [f(2, 3, 8), f(3, 8), f(8), f(8)])
    case("SimplifiedLayerNormalization", [f(2, 3, 8), f(8)], domain="")
    tables = [f(20, 8), f(6, 8), f(3, 8), f(8), f(8)]
    ids, segments = i32(2, 4, high=20), i32(2, 4, high=3)
    mask = np.array([[1, 1, 1, 0], [1, 1, 0, 0]], np.int32)
    case("EmbedLayerNormalization", [ids, segments, *tables, mask], 2)
    case("EmbedLayerNormalization", [ids, None, tables[0], tables[1], None, tables[3], tables[4]], 2)
    case("EmbedLayerNormalization", [ids, segments, *tables, None, np.array([[0, 1, 2, 3], [3, 2, 1, 0]], np.int32)], [True, True, True])
    quantized = [u8(20, 8), u8(6, 8), u8(3, 8), u8(8), u8(8)]
    scales, zeros = [S(0.02), S(0.03), S(0.01), S(0.015), S(0.02)], [S(z, np.uint8) for z in (120, 100, 128, 90, 130)]
    case("QEmbedLayerNormalization", [ids, segments, *quantized, mask, *scales, *zeros], 2)
    for last in (0, 1):
        for activation in (0, 1):
            x, gamma, beta = f(2, 8, 3, 4), f(8), f(8)
            skip, bias = f(2, 8, 3, 4), f(8)

            def norm(x):
                g = x.astype(np.float64).reshape(2, 4, -1)
                y = ((g - g.mean(2, keepdims=True)) / np.sqrt(g.var(2, keepdims=True) + 1e-5)).reshape(x.shape) * gamma[:, None, None] + beta[:, None, None]
                return y / (1 + np.exp(-y)) if activation else y

            def out(y):
                return (y.transpose(0, 2, 3, 1) if last else y).astype(np.float32)
            settings = dict(groups=4, activation=activation, channels_last=last, epsilon=1e-5)
            case("GroupNorm", [out(x), gamma, beta], formula=[out(norm(x))], **settings)
            total = x + skip + bias[:, None, None]
            case("SkipGroupNorm", [out(x), gamma, beta, out(skip), bias], 2, formula=[out(norm(total)), out(total)], **settings)
            row = f(2, 8)
            total = x + row[:, :, None, None]
            case("SkipGroupNorm", [out(x), gamma, beta, row], 2, formula=[out(norm(total)), out(total)], **settings)


def products():
    case("FusedMatMul", [f(2, 3, 4), f(2, 4, 5)], alpha=0.5)
    case("FusedMatMul", [f(2, 4, 3), f(2, 4, 5)], transA=1)
    case("FusedMatMul", [f(2, 3, 4), f(2, 5, 4)], transB=1, alpha=2.0)
    case("FusedMatMul", [f(3, 2, 4), f(2, 4, 5)], transBatchA=1)
    case("FusedMatMul", [f(2, 3, 4), f(5, 2, 4)], transBatchB=1, transB=1)
    case("TransposeMatMul", [f(2, 4, 3), f(2, 4, 5)], transA=1, alpha=0.5)
    for activation, extra in (("Relu", {}), ("LeakyRelu", dict(activation_alpha=0.2)), ("Sigmoid", {}), ("Tanh", {}), ("Elu", dict(activation_alpha=0.7)),
                              ("HardSigmoid", dict(activation_alpha=0.3, activation_beta=0.4)), ("Softplus", {}), ("Softsign", {}),
                              ("ThresholdedRelu", dict(activation_alpha=0.5))):
        case("FusedGemm", [f(3, 4), f(4, 5), f(5)], activation=activation, **extra)
    case("FusedGemm", [f(4, 3), f(5, 4)], transA=1, transB=1, alpha=0.5, activation="Relu")
    for activation, parameters in (("Relu", None), ("LeakyRelu", [0.2]), ("Sigmoid", None), ("Tanh", None), ("Clip", [-0.5, 0.6]),
                                   ("HardSigmoid", [0.3, 0.4])):
        extra = {} if parameters is None else dict(activation_params=parameters)
        case("FusedConv", [f(1, 4, 6, 6), f(8, 4, 3, 3), f(8)], activation=activation, pads=[1, 1, 1, 1], **extra)
    case("FusedConv", [f(1, 4, 6, 6), f(8, 2, 3, 3), f(8), f(1, 8, 6, 6)], activation="Relu", pads=[1, 1, 1, 1], group=2)
    image = f(2, 3, 8, 9)
    boxes = np.array([[0.1, 0.2, 0.7, 0.9], [0, 0, 1, 1], [-0.2, 0.5, 1.3, 0.8], [0.9, 0.8, 0.2, 0.1]], np.float32)
    for mode in ("bilinear", "nearest"):
        case("CropAndResize", [image, boxes, np.array([0, 1, 1, 0], np.int32), np.array([4, 5], np.int32)], mode=mode, extrapolation_value=9.0)
        case("CropAndResize", [image, boxes[:2], np.array([1, 1], np.int32), np.array([1, 1], np.int32)], mode=mode)
    case("NhwcMaxPool", [u8(1, 6, 7, 3)], kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1])
    case("NhwcMaxPool", [s8(2, 5, 5, 2)], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    fp4 = np.array([0, 1 / 192, 2 / 3, 1, 1 / 3, 1 / 2, 1 / 6, 1 / 4])
    table = [np.concatenate([fp4, -fp4]), None]
    table[1] = np.array([-1.0, -0.6961928, -0.5250731, -0.39491749, -0.28444138, -0.18477343, -0.09105004, 0.0, 0.0795803, 0.1609302, 0.2461123, 0.33791524,
                         0.44070983, 0.562617, 0.72295684, 1.0])
    for kind in (0, 1):
        for transposed in (1, 0):
            n, k, block = 6, 40, 16
            inputs = [f(2, 3, k if transposed else n), u8(n * k // 2), np.abs(f((n * k + block - 1) // block))]
            a, b, scales = (x.astype(np.float64) for x in inputs)
            w = table[kind][np.stack([inputs[1] >> 4, inputs[1] & 15], -1).ravel()] * np.repeat(scales, block)
            want = None if transposed else [(a @ w.reshape(n, k)).astype(np.float32)]  # ONNX Runtime's kernel is made for transB alone
            case("MatMulBnb4", inputs, formula=want, K=k, N=n, block_size=block, quant_type=kind, transB=transposed)


# ---- quantized ----------------------------------------------------------------------------------------------------------

def quantized():
    for make, dtype in ((u8, np.uint8), (s8, np.int8)):
        z = lambda v: S(v if dtype == np.uint8 else v - 128, dtype)
        for op in ("QLinearAdd", "QLinearMul"):
            case(op, [make(2, 3, 4), S(0.02), z(120), make(2, 3, 4), S(0.03), z(130), S(0.06 if op == "QLinearAdd" else 0.02), z(128)])
            case(op, [make(2, 3, 4), S(0.02), z(120), make(4), S(0.03), z(130), S(0.05), z(100)])
        case("QLinearLeakyRelu", [make(3, 5), S(0.05), z(128), S(0.04), z(60)], alpha=0.2)
        case("QLinearSigmoid", [make(3, 5), S(0.05), z(128), S(1 / 256), z(0)])
        case("QLinearSoftmax", [make(3, 5), S(0.05), z(128), S(1 / 256), z(0)], axis=-1, opset=13)
        case("QLinearSoftmax", [make(2, 3, 4), S(0.05), z(128), S(1 / 256), z(0)], axis=1, opset=12)
        case("QLinearSoftmax", [make(2, 3, 4), S(0.05), z(128), S(1 / 256), z(0)], axis=1, opset=13)
        for last in (0, 1):
            x = make(1, 6, 7, 3) if last else make(1, 3, 6, 7)
            case("QLinearAveragePool", [x, S(0.05), z(120), S(0.04), z(128)], kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2], channels_last=last)
            case("QLinearAveragePool", [x, S(0.05), z(120), S(0.04), z(128)], kernel_shape=[2, 3], pads=[1, 0, 0, 1], count_include_pad=1, channels_last=last)
            case("QLinearGlobalAveragePool", [x, S(0.05), z(120), S(0.02), z(128)], channels_last=last)
        case("QLinearConcat", [S(0.04), z(128), make(2, 3), S(0.05), z(120), make(2, 2), S(0.03), z(110)], axis=1)
        case("QLinearConcat", [S(0.04), z(128), make(1, 3), S(0.04), z(128), make(2, 3), S(0.02), z(128), make(1, 3), S(0.06), z(100)], axis=0)
        case("QLinearWhere", [random.integers(0, 2, (2, 4)).astype(bool), make(2, 4), S(0.02), z(120), make(4), S(0.03), z(130), S(0.05), z(128)])
        x = make(2, 4, 6)
        real = (x.astype(np.float64) - float(z(120))) * np.float64(np.float32(0.05))
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        want = np.clip(np.rint(real.mean((1, 2), keepdims=True) / np.float64(np.float32(0.02))) + float(z(128)), low, high).astype(dtype)
        case("QLinearReduceMean", [x, S(0.05), z(120), S(0.02), z(128)], axes=[1, 2], keepdims=1, formula=[want])
        case("QGemm", [make(3, 6), S(0.02), z(120), make(6, 4), S(0.03), z(130), i32(4, low=-500, high=500), S(0.1), z(128)], alpha=1.0)
        case("QGemm", [make(6, 3), S(0.02), z(120), make(4, 6), f(4, scale=0.01) ** 2 + S(0.01), np.array([0, 1, 2, 3], dtype)], transA=1, transB=1, alpha=0.5)
        case("QGemm", [make(3, 6), S(0.02), z(120), make(6, 4), S(0.03), z(130), i32(1, 4, low=-500, high=500)], alpha=2.0)
        case("QLinearConv", [make(1, 3, 5, 5), S(0.02), z(120), make(4, 3, 3, 3), S(0.03), z(128), S(0.2), z(128), i32(4, low=-300, high=300)], pads=[1, 1, 1, 1])
        case("MatMulIntegerToFloat", [make(2, 3, 6), make(6, 4), S(0.02), S(0.03), z(120), z(130), f(4)])
        case("MatMulIntegerToFloat", [make(3, 6), make(6, 4), S(0.02), np.abs(f(4)), z(120), make(4)])
        case("DynamicQuantizeMatMul", [f(2, 3, 6), make(6, 4), S(0.03), z(130), f(4)])
        case("DynamicQuantizeMatMul", [f(3, 6), make(6, 4), np.abs(f(4)), make(4)])
    case("QLinearConv", [u8(1, 5, 5, 3), S(0.02), S(120, np.uint8), u8(4, 3, 3, 3), S(0.03), S(128, np.uint8), S(0.2), S(128, np.uint8)], pads=[1, 1, 1, 1], channels_last=1)
    x = f(2, 3, 4)
    for dtype, low in ((np.uint16, 0), (np.int16, -32768)):
        zero = S(low + 32768, dtype)
        case("QuantizeLinear", [x, S(0.0001), zero])
        case("DequantizeLinear", [(random.integers(0, 65536, (2, 3)) + low).astype(dtype), S(0.001), zero])
    case("QuantizeLinear", [x, np.array([0.01, 0.02, 0.03], np.float32), np.array([1, 2, 3], np.uint8)], axis=1)
    case("DequantizeLinear", [u8(2, 3, 4), np.array([0.01, 0.02, 0.03], np.float32), np.array([1, 2, 3], np.uint8)], axis=1)
    case("DequantizeLinear", [i32(2, 3, low=-900, high=900), S(0.01)])


def n_bits():
    for bits in (2, 4, 8):
        for zeros in ("none", "packed", "floats"):
            n, k, block = 5, 48, 16
            blocks = k // block
            if bits == 8 and zeros == "floats":
                continue  # not there in ONNX Runtime
            zero = {"none": None, "packed": u8(n, (blocks * bits + 7) // 8), "floats": f(n, blocks) + 2 ** (bits - 1)}[zeros]
            inputs = [f(2, 3, k), u8(n, blocks, block * bits // 8), np.abs(f(n, blocks, scale=0.1)), zero]
            case("MatMulNBits", [*inputs, None, f(n)] if zeros == "packed" else inputs, K=k, N=n, bits=bits, block_size=block)
    case("MatMulNBits", [f(3, 40), u8(4, 2, 16), np.abs(f(4, 2, scale=0.1))], K=40, N=4, bits=4, block_size=32)
    order = random.permutation(np.repeat(np.arange(3), 16)).astype(np.int32)
    case("MatMulNBits", [f(3, 48), u8(4, 3, 8), np.abs(f(4, 3, scale=0.1)), None, order], K=48, N=4, bits=4, block_size=16)
    # With g_idx ONNX Runtime's CPU kernel forgets the zero points.
    a, b, s, zero = f(3, 48), u8(4, 3, 8), np.abs(f(4, 3, scale=0.1)), u8(4, 2)
    codes, zeros = (np.stack([x & 15, x >> 4], -1).reshape(4, -1).astype(np.float64) for x in (b, zero))
    want = (a.astype(np.float64) @ ((codes - zeros[:, order]) * s[:, order]).T).astype(np.float32)
    case("MatMulNBits", [a, b, s, zero, order], K=48, N=4, bits=4, block_size=16, formula=[want])
    # 3 bits: one stream, the lowest bits first.
    n, k, block, bits = 4, 32, 16, 3
    a, codes, scales, zero = f(2, k), random.integers(0, 8, (n, 2, block)), np.abs(f(n, 2, scale=0.1)), random.integers(0, 8, (n, 2))
    pack = lambda rows: np.packbits((rows[..., None] >> np.arange(bits) & 1).reshape(*rows.shape[:-1], -1).astype(np.uint8), axis=-1, bitorder="little")
    w = ((codes - zero[..., None]) * scales[..., None]).reshape(n, k)
    case("MatMulNBits", [a, pack(codes), scales, pack(zero)], K=k, N=n, bits=bits, block_size=block, formula=[(a.astype(np.float64) @ w.T).astype(np.float32)])
    for axis in (0,):
        case("GatherBlockQuantized", [u8(5, 16), i32(2, 3, high=5).astype(np.int64), np.abs(f(5, 2)), u8(5, 1)], gather_axis=0, quantize_axis=1, block_size=16, bits=4)
        case("GatherBlockQuantized", [u8(5, 32), i32(4, high=5), np.abs(f(5, 2)), u8(5, 2)], gather_axis=0, quantize_axis=1, block_size=16, bits=8)
        case("GatherBlockQuantized", [u8(5, 16), i32(3, high=5), np.abs(f(5, 2))], gather_axis=0, quantize_axis=1, block_size=16, bits=4)


# ---- attention -----------------------------------------------------------------------------------------------------------

def attention():
    b, s, heads, head, past = 2, 4, 2, 4, 3
    hidden = heads * head
    base = [f(b, s, 6), f(6, 3 * hidden), f(3 * hidden)]
    masks = [np.array([[1, 1, 1, 0], [1, 1, 0, 0]], np.int32), np.array([3, 2], np.int32), np.array([4, 3, 0, 1], np.int32), i32(b, s, s, high=2) | np.eye(s, dtype=np.int32)]
    case("Attention", base, num_heads=heads)
    for mask in masks:
        case("Attention", [*base, mask], num_heads=heads)
    case("Attention", base, num_heads=heads, unidirectional=1)
    case("Attention", [*base, None, f(2, b, heads, past, head)], 2, num_heads=heads, unidirectional=1)
    case("Attention", [*base, None, None, f(b, heads, s, s)], num_heads=heads, scale=0.7)
    case("Attention", [f(b, s, 6), f(6, 2 * hidden + 4), f(2 * hidden + 4)], num_heads=heads, qkv_hidden_sizes=[hidden, hidden, 4])
    for make, zero in ((u8, np.uint8), (s8, np.int8)):
        z = S(120 if zero == np.uint8 else 3, zero)
        case("QAttention", [u8(b, s, 6), make(6, 3 * hidden), f(3 * hidden), S(0.01), S(0.02), None, S(128, np.uint8), z], num_heads=heads)
        case("QAttention", [u8(b, s, 6), make(6, 3 * hidden), f(3 * hidden), S(0.01), S(0.02), masks[0], S(128, np.uint8), z], num_heads=heads)
        case("QAttention", [u8(b, s, 6), make(6, 3 * hidden), f(3 * hidden), S(0.01), S(0.02), None, S(128, np.uint8), z, f(2, b, heads, past, head)], 2,
             num_heads=heads, unidirectional=1)
    q, k, v = f(b, s, hidden), f(b, 5, hidden), f(b, 5, hidden)
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 0]], np.int32)
    case("MultiHeadAttention", [q, k, v], num_heads=heads)
    case("MultiHeadAttention", [q, k, v, f(3 * hidden)], num_heads=heads)
    case("MultiHeadAttention", [q, k, v, None, mask], num_heads=heads)
    case("MultiHeadAttention", [q, k, v, None, None, f(1, heads, s, 5)], num_heads=heads, scale=0.3)
    case("MultiHeadAttention", [q, k, f(b, 5, 6)], num_heads=heads)
    case("MultiHeadAttention", [q, f(b, heads, 5, head), f(b, heads, 5, head)], num_heads=heads)
    same = [f(b, s, hidden), f(b, s, hidden), f(b, s, hidden)]
    case("MultiHeadAttention", [*same, None, None, None, f(b, heads, past, head), f(b, heads, past, head)], 3, num_heads=heads)
    case("MultiHeadAttention", same, num_heads=heads, unidirectional=1)
    one = [f(b, 1, hidden), f(b, 1, hidden), f(b, 1, hidden)]
    shared, length = [f(b, heads, 8, head), f(b, heads, 8, head)], np.array([3], np.int32)
    sharing = dict(num_heads=heads, past_present_share_buffer=1)
    case("DecoderMaskedMultiHeadAttention", [*one, None, None, *shared, length], 3, **sharing)
    case("DecoderMaskedMultiHeadAttention", [*one, np.array([[1, 1, 0, 1], [1, 0, 1, 1]], np.int32), None, *shared, length, None, None, f(3 * hidden)], 3, **sharing)
    case("DecoderMaskedMultiHeadAttention", [*one, None, f(1, heads, 1, 4), *shared, length], 3, scale=0.4, **sharing)
    # Packed, and across: what ONNX Runtime says of the same with other inputs.
    apart = [f(b, 1, hidden), f(b, 1, hidden), f(b, 1, hidden)]
    want = same_as("DecoderMaskedMultiHeadAttention", [*apart, None, None, *shared, length], 3, **sharing)
    case("DecoderMaskedMultiHeadAttention", [np.concatenate(apart, -1), None, None, None, None, *shared, length], 3, formula=want, **sharing)
    across = [f(b, 1, hidden), f(b, heads, 5, head), f(b, heads, 5, head)]
    case("DecoderMaskedMultiHeadAttention", across, formula=same_as("MultiHeadAttention", across, 1, num_heads=heads), **sharing)
    beams = [f(4, 1, hidden), f(4, 1, hidden), f(4, 1, hidden), None, None, f(4, heads, 8, head), f(4, heads, 8, head), np.array([3], np.int32), np.array([2], np.int32), i32(2, 2, 8, high=2)]
    case("DecoderMaskedMultiHeadAttention", beams, 3, num_heads=heads, past_present_share_buffer=1)


def grouped():
    b, s, heads, kv, head = 2, 3, 4, 2, 16
    cos, sin = np.cos(f(16, head // 2)), np.sin(f(16, head // 2))
    first = [f(b, s, heads * head), f(b, s, kv * head), f(b, s, kv * head), None, None, np.array([s - 1, s - 1], np.int32), np.int32(s)]
    case("GroupQueryAttention", first, 3, num_heads=heads, kv_num_heads=kv)
    for interleaved in (0, 1):
        case("GroupQueryAttention", [*first, cos, sin], 3, num_heads=heads, kv_num_heads=kv, do_rotary=1, rotary_interleaved=interleaved)
    case("GroupQueryAttention", first, 3, num_heads=heads, kv_num_heads=kv, local_window_size=2)
    case("GroupQueryAttention", first, 3, num_heads=heads, kv_num_heads=kv, softcap=2.0, scale=0.5)
    case("GroupQueryAttention", first, 3, num_heads=heads, kv_num_heads=kv, smooth_softmax=1)
    packed = [f(b, s, (heads + 2 * kv) * head), None, None, *first[3:]]
    case("GroupQueryAttention", packed, 3, num_heads=heads, kv_num_heads=kv)
    later = [f(b, 1, heads * head), f(b, 1, kv * head), f(b, 1, kv * head), f(b, kv, 4, head), f(b, kv, 4, head), np.array([4, 3], np.int32), np.int32(5)]
    case("GroupQueryAttention", later, 3, num_heads=heads, kv_num_heads=kv)
    case("GroupQueryAttention", [*later, cos, sin], 3, num_heads=heads, kv_num_heads=kv, do_rotary=1)
    for interleaved in (0, 1):
        case("RotaryEmbedding", [f(b, s, heads * head), np.array([2], np.int64), cos, sin], interleaved=interleaved)
        case("RotaryEmbedding", [f(b, heads, s, head), np.array([[0, 3, 5], [1, 2, 3]], np.int64), cos, sin], interleaved=interleaved)
    case("RotaryEmbedding", [f(b, s, heads * 32), np.array([[0, 3, 5], [1, 2, 3]], np.int64), cos, sin], num_heads=heads, rotary_embedding_dim=16)


# ---- experts, recurrences --------------------------------------------------------------------------------------------------

def experts():
    e, hidden, inner, tokens = 4, 8, 6, 5
    def moe(fused=1, biases=True, shape=(tokens,)):
        return [f(*shape, hidden), f(tokens, e), f(e, fused * inner, hidden), f(e, fused * inner) if biases else None, f(e, hidden, inner), f(e, hidden) if biases else None]
    for activation in ("relu", "gelu", "silu", "identity"):
        case("MoE", moe(), activation_type=activation, k=2, normalize_routing_weights=1)
    case("MoE", moe(biases=False), activation_type="relu", k=1)
    case("MoE", moe(shape=(1, tokens)), activation_type="silu", k=3)
    case("MoE", moe(2), activation_type="swiglu", k=2, swiglu_fusion=1, normalize_routing_weights=1, activation_alpha=1.702, activation_beta=1.0, swiglu_limit=1.0)
    hidden = inner = 32
    for bits in (4, 8):
        for block in (0, 16):
            def scales(rows, columns):
                return np.abs(f(e, rows, columns // block, scale=0.05)) if block else np.abs(f(e, rows, scale=0.05))
            extra = dict(block_size=block) if block else {}
            for fused, activation in ((1, "silu"), (2, "swiglu")):
                inputs = [f(tokens, hidden), f(tokens, e), u8(e, fused * inner, hidden * bits // 8), scales(fused * inner, hidden), f(e, fused * inner),
                          u8(e, hidden, inner * bits // 8), scales(hidden, inner), f(e, hidden)]
                x = inputs
                want = qmoe(*x, bits, block, activation)
                case("QMoE", inputs, activation_type=activation, k=2, expert_weight_bits=bits, normalize_routing_weights=1, swiglu_fusion=fused - 1, formula=[want], **extra)


def qmoe(x, router, w1, s1, b1, w2, s2, b2, bits, block, activation):
    """By the definition: ONNX Runtime quantizes the activations of blocked 8-bit experts as well."""
    def weights(w, s):
        codes = np.stack([w >> at & (2 ** bits - 1) for at in range(0, 8, bits)], -1).reshape(*w.shape[:2], -1).astype(np.float64) - 2 ** (bits - 1)
        return codes * (np.repeat(s, block, -1) if block else s[..., None])
    first, second, out = weights(w1, s1), weights(w2, s2), np.zeros(x.shape)
    for token in range(len(x)):
        top = np.argsort(-router[token])[:2]
        mix = np.exp(router[token][top].astype(np.float64))
        for expert, share in zip(top, mix / mix.sum()):
            a = first[expert] @ x[token] + b1[expert]
            g, linear = (a, 1.0) if activation == "silu" else (a[0::2], a[1::2])
            out[token] += share * (second[expert] @ (g / (1 + np.exp(-g)) * linear) + b2[expert])
    return out.astype(np.float32)


def recurrences():
    """Expected: ONNX Runtime's LSTM of ai.onnx with the dequantized weights."""
    for direction, count in (("forward", 1), ("bidirectional", 2)):
        for per_column in (False, True):
            hidden, width = 3, 4
            x, bias = f(5, 2, width), f(count, 8 * hidden)
            w, r = s8(count, width, 4 * hidden), s8(count, hidden, 4 * hidden)
            shape = (count, 4 * hidden) if per_column else (count,)
            ws, rs = np.abs(f(*shape, scale=0.01)) + np.float32(0.002), np.abs(f(*shape, scale=0.01)) + np.float32(0.002)
            zero = np.zeros(shape, np.int8)
            wide = lambda s: s[:, None, :] if per_column else s[:, None, None]
            feeds = {"x": x, "w": (w * wide(ws)).transpose(0, 2, 1).astype(np.float32), "r": (r * wide(rs)).transpose(0, 2, 1).astype(np.float32), "b": bias}
            node = helper.make_node("LSTM", list(feeds), ["y", "h", "c"], hidden_size=hidden, direction=direction)
            got = answers(model_of([node], feeds, {n: None for n in ("y", "h", "c")}), feeds)
            case("DynamicQuantizeLSTM", [x, w, r, bias, None, None, None, None, ws, zero, rs, zero], 3, formula=[got["y"], got["h"], got["c"]],
                 hidden_size=hidden, direction=direction)


# ---- ai.onnx.ml: what the scikit-learn models do not reach -----------------------------------------------------------------

def tree(weights, ids, **extra):
    """x0 <= 0 ? (x1 <= 1 ? A : B) : C, twice."""
    nodes = dict(nodes_treeids=[0] * 5 + [1] * 5, nodes_nodeids=[0, 1, 2, 3, 4] * 2, nodes_featureids=[0, 1, 0, 0, 0] * 2, nodes_values=[0.0, 1.0, 0, 0, 0] * 2,
                 nodes_modes=["BRANCH_LEQ", "BRANCH_LT", "LEAF", "LEAF", "LEAF", "BRANCH_GT", "BRANCH_GTE", "LEAF", "LEAF", "LEAF"],
                 nodes_truenodeids=[1, 2, 0, 0, 0] * 2, nodes_falsenodeids=[4, 3, 0, 0, 0] * 2, nodes_missing_value_tracks_true=[1, 0, 0, 0, 0] * 2)
    return nodes | extra


def learning():
    ml = dict(domain="ai.onnx.ml")
    x = f(12, 2)
    x[3, 0] = x[5, 1] = np.nan
    leaves = dict(treeids=[0, 0, 0, 1, 1, 1], nodeids=[2, 3, 4, 2, 3, 4])
    for transform in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"):
        for weights in ([0.1, 0.2, 0.4, 0.3, 0.1, 0.3], [-0.1, 0.2, -0.4, 0.3, -0.1, 0.3]):
            names = {f"class_{k}": v for k, v in leaves.items()}
            case("TreeEnsembleClassifier", [x], 2, **tree(0, 0), **names, class_ids=[1] * 6, class_weights=weights, classlabels_int64s=[4, 7], post_transform=transform, **ml)
            case("TreeEnsembleClassifier", [x], 2, **tree(0, 0), **names, class_ids=[0] * 6, class_weights=weights, classlabels_strings=["a", "b"], base_values=[0.25],
                 post_transform=transform, **ml)
            case("TreeEnsembleClassifier", [x], 2, **tree(0, 0), **names, class_ids=[0, 1, 2, 2, 1, 0], class_weights=weights, classlabels_int64s=[4, 7, 9],
                 base_values=[0.1, 0.2, 0.3], post_transform=transform, **ml)
    for aggregate in ("SUM", "AVERAGE", "MIN", "MAX"):
        names = {f"target_{k}": v for k, v in leaves.items()}
        case("TreeEnsembleRegressor", [x], **tree(0, 0), **names, target_ids=[0] * 6, target_weights=[1.0, 2.0, -3.0, 4.0, 0.5, 6.0], n_targets=1, aggregate_function=aggregate,
             base_values=[0.5], **ml)
        case("TreeEnsembleRegressor", [x.astype(np.float64)], **tree(0, 0), **names, target_ids=[0, 1, 0, 1, 0, 1], target_weights=[1.0, 2.0, -3.0, 4.0, 0.5, 6.0], n_targets=2,
             aggregate_function=aggregate, **ml)
    x = f(6, 3)
    for transform in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"):
        case("LinearClassifier", [x], 2, coefficients=f(9).tolist(), intercepts=f(3).tolist(), classlabels_ints=[5, 6, 7], post_transform=transform, **ml)
        case("LinearClassifier", [x], 2, coefficients=f(6).tolist(), intercepts=f(2).tolist(), classlabels_strings=["no", "yes"], post_transform=transform, **ml)
        case("LinearRegressor", [x], coefficients=f(6).tolist(), intercepts=f(2).tolist(), targets=2, post_transform=transform, **ml)
    for kernel in ("LINEAR", "POLY", "RBF", "SIGMOID"):
        case("SVMRegressor", [x], coefficients=f(4).tolist(), support_vectors=f(12).tolist(), n_supports=4, rho=[0.3], kernel_type=kernel, kernel_params=[0.5, 0.1, 2.0], **ml)
        for probabilities in (False, True):
            extra = dict(prob_a=f(3).tolist(), prob_b=f(3).tolist()) if probabilities else {}
            case("SVMClassifier", [x], 2, coefficients=f(12).tolist(), support_vectors=f(18).tolist(), vectors_per_class=[2, 3, 1], rho=f(3).tolist(), kernel_type=kernel,
                 kernel_params=[0.5, 0.1, 2.0], classlabels_ints=[3, 4, 5], **extra, **ml)
    case("SVMRegressor", [x], coefficients=f(4).tolist(), support_vectors=f(12).tolist(), n_supports=4, rho=[0.3], kernel_type="RBF", kernel_params=[0.5, 0.1, 2.0], one_class=1, **ml)
    case("SVMRegressor", [x], coefficients=f(3).tolist(), n_supports=0, rho=[0.3], kernel_type="LINEAR", kernel_params=[0.0, 0.0, 0.0], **ml)
    case("FeatureVectorizer", [f(3, 2), f(3, 1), f(3, 3)], inputdimensions=[2, 1, 3], **ml)
    case("CategoryMapper", [np.array(["a", "x", "b"], object)], cats_strings=["a", "b"], cats_int64s=[7, 8], default_int64=-5, **ml)
    case("CategoryMapper", [np.array([[8, 3], [7, 7]], np.int64)], cats_strings=["a", "b"], cats_int64s=[7, 8], default_string="none", **ml)
    case("Binarizer", [f(3, 4)], threshold=0.2, **ml)
    case("ArrayFeatureExtractor", [f(3, 4), np.array([2, 0], np.int64)], **ml)
    case("Scaler", [f(3, 4)], offset=[0.1, 0.2, 0.3, 0.4], scale=[2.0, 3.0, 4.0, 5.0], **ml)
    case("Scaler", [i32(3, 4).astype(np.int64)], offset=[0.5], scale=[2.0], **ml)
    case("LabelEncoder", [np.array(["a", "q"], object)], keys_strings=["a", "b"], values_floats=[1.5, 2.5], default_float=-1.0, **ml)
    case("OneHotEncoder", [np.array([1, 5, 2], np.int64)], cats_int64s=[1, 2, 3], zeros=1, **ml)
    case("Imputer", [np.array([[1.0, np.nan], [np.nan, 2.0]], np.float32)], imputed_value_floats=[5.0, 6.0], replaced_value_float=float("nan"), **ml)
    for norm in ("MAX", "L1", "L2"):
        case("Normalizer", [np.abs(f(3, 4))], norm=norm, **ml)


def without_stored_tests():
    """Operators of ai.onnx for which the onnx package stores no case."""
    own = dict(domain="ai.onnx")
    for p in (1, 2, 3):
        case("GlobalLpPool", [f(2, 3, 4, 5)], p=p, **own)
    case("GlobalLpPool", [f(1, 2, 7)], **own)
    boxes = np.array([[0, 0, 0, 5, 5], [1, 2, 1, 6, 7], [0, 3, 3, 3, 3]], np.float32)
    case("MaxRoiPool", [f(2, 3, 8, 9), boxes], pooled_shape=[2, 2], **own)
    case("MaxRoiPool", [f(2, 3, 8, 9), boxes * np.float32(1.5)], pooled_shape=[3, 2], spatial_scale=0.5, **own)


def main():
    for part in (simple, norms, products, quantized, n_bits, attention, grouped, experts, recurrences, learning, without_stored_tests, *later_operators.PARTS):
        part()
    total = 0
    for (domain, op), cases in CASES.items():
        if len(sys.argv) == 1 or op in sys.argv[1:]:
            total += record(domain or "com.microsoft", op, [(a, b, c, d) for a, b, c, d in cases]) if domain else record_default(op, cases)
    print(total, "cases")


if __name__ == "__main__":
    main()
