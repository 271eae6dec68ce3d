#!/usr/bin/env python3
"""Makes tests/importers/data/nomic: a NomicBERT checkpoint of a few kilobytes, and what it gives, worked out here in float64 by the
paper's formulas (https://arxiv.org/abs/2402.01613: rotary positions, SwiGLU, post-norm), with no engine involved.

    python tests/importers/make_nomic.py       # needs numpy, safetensors
"""
import json
import math
import pathlib

import numpy as np
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).resolve().parent / "data/nomic"
WIDTH, HEADS, INNER, LAYERS, WORDS, BASE = 16, 2, 24, 2, 20, 1000.0
random = np.random.default_rng(7)


def weights():
    out = {"embeddings.word_embeddings.weight": (WORDS, WIDTH), "embeddings.token_type_embeddings.weight": (2, WIDTH),
           "emb_ln.weight": (WIDTH,), "emb_ln.bias": (WIDTH,)}
    for layer in range(LAYERS):
        at = f"encoder.layers.{layer}."
        out |= {at + "attn.Wqkv.weight": (3 * WIDTH, WIDTH), at + "attn.out_proj.weight": (WIDTH, WIDTH), at + "mlp.fc11.weight": (INNER, WIDTH),
                at + "mlp.fc12.weight": (INNER, WIDTH), at + "mlp.fc2.weight": (WIDTH, INNER)}
        out |= {f"{at}{norm}.{part}": (WIDTH,) for norm in ("norm1", "norm2") for part in ("weight", "bias")}
    return {name: random.normal(scale=0.4, size=shape).astype(np.float32) for name, shape in out.items()}


def norm(x, w, name):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + 1e-12) * w[name + ".weight"] + w[name + ".bias"]


def rotated(x):
    """[heads, places, size]: pairs (i, i + size/2) turned by place * BASE^(-2i/size)."""
    half = x.shape[-1] // 2
    angle = np.arange(x.shape[1])[:, None] * BASE ** (-2 * np.arange(half) / x.shape[-1])
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * np.cos(angle) - second * np.sin(angle), second * np.cos(angle) + first * np.sin(angle)], -1)


def encode(ids, types, w):
    x = norm(w["embeddings.word_embeddings.weight"][ids] + w["embeddings.token_type_embeddings.weight"][types], w, "emb_ln")
    for layer in range(LAYERS):
        at, size = f"encoder.layers.{layer}.", WIDTH // HEADS
        q, k, v = (part.reshape(len(ids), HEADS, size).swapaxes(0, 1) for part in np.split(x @ w[at + "attn.Wqkv.weight"].T, 3, -1))
        scores = np.exp(rotated(q) @ rotated(k).swapaxes(1, 2) / math.sqrt(size))
        mixed = ((scores / scores.sum(-1, keepdims=True)) @ v).swapaxes(0, 1).reshape(len(ids), WIDTH)
        x = norm(mixed @ w[at + "attn.out_proj.weight"].T + x, w, at + "norm1")
        gate = x @ w[at + "mlp.fc12.weight"].T
        x = norm((x @ w[at + "mlp.fc11.weight"].T * gate / (1 + np.exp(-gate))) @ w[at + "mlp.fc2.weight"].T + x, w, at + "norm2")
    return x


def main():
    HERE.mkdir(parents=True, exist_ok=True)
    w = weights()
    save_file(w, HERE / "model.safetensors")
    config = {"model_type": "nomic_bert", "architectures": ["NomicBertModel"], "n_embd": WIDTH, "n_head": HEADS, "n_layer": LAYERS, "n_inner": INNER,
              "n_positions": 32, "vocab_size": WORDS, "type_vocab_size": 2, "activation_function": "swiglu", "layer_norm_epsilon": 1e-12,
              "prenorm": False, "qkv_proj_bias": False, "mlp_fc1_bias": False, "mlp_fc2_bias": False, "rotary_emb_base": BASE,
              "rotary_emb_fraction": 1.0, "rotary_emb_interleaved": False, "rotary_emb_scale_base": None, "rotary_scaling_factor": None}
    (HERE / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    w = {name: value.astype(np.float64) for name, value in w.items()}
    ids, types = [[2, 5, 9, 17, 3, 4], [2, 8, 3, 0, 0, 0]], [[0, 0, 0, 1, 1, 1], [0] * 6]
    out = np.zeros((2, 6, WIDTH))
    out[0], out[1, :3] = encode(ids[0], types[0], w), encode(ids[1][:3], types[1][:3], w)
    case = {"inputs": {"input_ids": ids, "attention_mask": [[1] * 6, [1, 1, 1, 0, 0, 0]], "token_type_ids": types},
            "outputs": {"last_hidden_state": {"shape": list(out.shape), "data": [float(f"{v:.9g}") for v in out.ravel()]}}}
    (HERE / "expected.json").write_text(json.dumps([case]) + "\n")


main()
