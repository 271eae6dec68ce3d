#!/usr/bin/env python3
"""Makes tests/importers/data/encoders/NAME for architectures that transformers 4.57 has no classes for: random checkpoints of a few
kilobytes, and what they give, worked out here in float64 by the formulas of their papers and model cards, with no engine involved.

* GTE ("new", "gte"; arXiv:2407.19669): BERT, post-norm, with rotary positions, one projection for q, k and v, and a gated feed-forward
  down(up * act(gate)) without bias in its first half. Rope "ntk": base times factor, all frequencies divided by factor^(2/size).
* JinaBERT (arXiv:2310.19923): BERT, post-norm, with -slope * |i - j| added to the scores (the slopes of arXiv:2108.12409), and
  out(act(first half) * second half). The code model's layers normalise q and k, and twice behind attention; its gate is the second half.
* EuroBERT (arXiv:2503.05500): Llama's layers (pre-norm RMS, grouped heads, rotary positions, SwiGLU) without a causal mask. gte-Qwen2
  (arXiv:2308.03281) is the same with biases in q, k and v: its own code turns Qwen 2's mask off.

    python tests/importers/make_formula_encoders.py       # needs numpy, safetensors
"""
import json
import math
import pathlib
import shutil

import numpy as np
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).resolve().parent / "data/encoders"
WIDTH, HEADS, INNER, LAYERS, WORDS = 16, 2, 20, 2, 30
random = np.random.default_rng(11)
erf = np.vectorize(math.erf)
ACTIVATIONS = {"gelu": lambda x: x * (1 + erf(x / math.sqrt(2))) / 2, "relu": lambda x: np.maximum(x, 0), "silu": lambda x: x / (1 + np.exp(-x))}


class Weights(dict):
    """Made as they are asked for, so that the formulas below are also the list of what a file holds."""

    def __call__(self, name, *shape):
        if name not in self:
            one = len(shape) == 1 and name.endswith("weight")
            self[name] = (random.normal(scale=0.3, size=shape) + one).astype(np.float32)
        return self[name].astype(np.float64)

    def linear(self, x, name, out, bias=True):
        y = x @ self(name + ".weight", out, x.shape[-1]).T
        return y + self(name + ".bias", out) if bias else y

    def norm(self, x, name, epsilon=1e-12):
        centred = x - x.mean(-1, keepdims=True)
        y = centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + epsilon)
        return y * self(name + ".weight", x.shape[-1]) + self(name + ".bias", x.shape[-1])

    def rms(self, x, name, epsilon):
        return x / np.sqrt((x ** 2).mean(-1, keepdims=True) + epsilon) * self(name + ".weight", x.shape[-1])


def heads(x, count):
    return x.reshape(*x.shape[:2], count, -1).swapaxes(1, 2)


def attend(q, k, v, mask, bias=0.0):
    """[batch, heads, places, size] each; hidden keys get a weight of nothing."""
    scores = q @ k.swapaxes(2, 3) / math.sqrt(q.shape[-1]) + bias
    scores = np.where(mask[:, None, None, :] == 0, -np.inf, scores)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = (scores / scores.sum(-1, keepdims=True)) @ v
    return mixed.swapaxes(1, 2).reshape(mixed.shape[0], mixed.shape[2], -1)


def turned(x, frequencies):
    half = x.shape[-1] // 2
    angle = np.arange(x.shape[2])[:, None] * frequencies
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * np.cos(angle) - second * np.sin(angle), second * np.cos(angle) + first * np.sin(angle)], -1)


def frequencies(size, base):
    return base ** (-2 * np.arange(size // 2) / size)


def gte(w, config, ids, types, mask, at):
    x = w(at + "embeddings.word_embeddings.weight", WORDS, WIDTH)[ids]
    if config["type_vocab_size"]:
        x = x + w(at + "embeddings.token_type_embeddings.weight", config["type_vocab_size"], WIDTH)[types if config["type_vocab_size"] > 1 else types * 0]
    x = w.norm(x, at + "embeddings.LayerNorm")
    size, scaling = WIDTH // HEADS, config.get("rope_scaling")
    speeds = frequencies(size, config["rope_theta"])
    if scaling:
        speeds = frequencies(size, config["rope_theta"] * scaling["factor"]) / scaling["factor"] ** (2 / size)
    for layer in range(LAYERS):
        name = f"{at}encoder.layer.{layer}."
        if config["pack_qkv"]:
            q, k, v = np.split(w.linear(x, name + "attention.qkv_proj", 3 * WIDTH), 3, -1)
        else:
            q, k, v = (w.linear(x, f"{name}attention.{which}_proj", WIDTH) for which in "qkv")
        mixed = attend(turned(heads(q, HEADS), speeds), turned(heads(k, HEADS), speeds), heads(v, HEADS), mask)
        x = w.norm(w.linear(mixed, name + "attention.o_proj", WIDTH) + x, name + "attn_ln")
        up, gate = np.split(w.linear(x, name + "mlp.up_gate_proj", 2 * INNER, bias=False), 2, -1)
        x = w.norm(w.linear(up * ACTIVATIONS[config["hidden_act"]](gate), name + "mlp.down_proj", WIDTH) + x, name + "mlp_ln")
    return x


def slopes(count):
    power = 2 ** int(math.log2(count))
    plain = [2 ** (-8 * i / power) for i in range(1, power + 1)]
    return np.array(plain + [2 ** (-8 * i / (2 * power)) for i in range(1, 2 * power + 1)][::2][:count - power])


def jina(w, config, ids, types, mask, at):
    count, act = config["num_attention_heads"], ACTIVATIONS[{"geglu": "gelu", "reglu": "relu", "original": config["hidden_act"]}[config["feed_forward_type"]]]
    newer = "qk-post-norm" in config["auto_map"]["AutoModel"]
    width = config["hidden_size"]
    x = w.norm(w(at + "embeddings.word_embeddings.weight", WORDS, width)[ids] + w(at + "embeddings.token_type_embeddings.weight", 2, width)[types],
               at + "embeddings.LayerNorm")
    places = np.arange(ids.shape[1])
    bias = -slopes(count)[:, None, None] * abs(places[:, None] - places)
    for layer in range(LAYERS):
        name = f"{at}encoder.layer.{layer}."
        q, k, v = (w.linear(x, f"{name}attention.self.{which}", width) for which in ("query", "key", "value"))
        if newer:
            q, k = w.norm(q, name + "attention.self.layer_norm_q"), w.norm(k, name + "attention.self.layer_norm_k")
        mixed = attend(heads(q, count), heads(k, count), heads(v, count), mask, bias)
        mixed = w.norm(w.linear(mixed, name + "attention.output.dense", width) + x, name + "attention.output.LayerNorm")
        x = w.norm(x + mixed, name + "layer_norm_1") if newer else mixed
        if config["feed_forward_type"] == "original":
            grown = w.linear(act(w.linear(x, name + "intermediate.dense", INNER)), name + "output.dense", width)
            x = w.norm(grown + x, name + "output.LayerNorm")
        elif newer:
            up, gate = np.split(w.linear(x, name + "mlp.up_gated_layer", 2 * INNER, bias=False), 2, -1)
            x = w.norm(w.linear(up * act(gate), name + "mlp.down_layer", width) + x, name + "layer_norm_2")
        else:
            gate, up = np.split(w.linear(x, name + "mlp.gated_layers", 2 * INNER, bias=False), 2, -1)
            x = w.norm(w.linear(up * act(gate), name + "mlp.wo", width) + x, name + "mlp.layernorm")
    return x


def eurobert(w, config, ids, types, mask, at):
    count, groups, size, epsilon = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"], config["rms_norm_eps"]
    x = w(at + "embed_tokens.weight", WORDS, WIDTH)[ids]
    speeds = frequencies(size, config["rope_theta"])
    for layer in range(LAYERS):
        name = f"{at}layers.{layer}."
        before = w.rms(x, name + "input_layernorm", epsilon)
        q, k, v = (heads(w.linear(before, f"{name}self_attn.{which}_proj", n * size, bias=config["model_type"] == "qwen2"), n) for which, n in (("q", count), ("k", groups), ("v", groups)))
        k, v = (np.repeat(each, count // groups, axis=1) for each in (k, v))
        x = x + w.linear(attend(turned(q, speeds), turned(k, speeds), v, mask), name + "self_attn.o_proj", WIDTH, bias=False)
        middle = w.rms(x, name + "post_attention_layernorm", epsilon)
        inner = ACTIVATIONS["silu"](w.linear(middle, name + "mlp.gate_proj", INNER, bias=False)) * w.linear(middle, name + "mlp.up_proj", INNER, bias=False)
        x = x + w.linear(inner, name + "mlp.down_proj", WIDTH, bias=False)
    return w.rms(x, at + "norm", epsilon)


def mean(x, mask):
    return (x * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)


def base(w, x, mask, at, config):
    return {"last_hidden_state": x}


def base_with_pooler(w, x, mask, at, config):
    return {"last_hidden_state": x, "pooler_output": np.tanh(w.linear(x[:, 0], at + "pooler.dense", x.shape[-1]))}


def sequence(w, x, mask, at, config):
    return {"logits": w.linear(np.tanh(w.linear(x[:, 0], at + "pooler.dense", x.shape[-1])), "classifier", 3)}


def gte_words(w, x, mask, at, config):
    y = w.norm(ACTIVATIONS[config["hidden_act"]](w.linear(x, "lm_head.dense", WIDTH)), "lm_head.norm")
    return {"logits": y @ w(at + "embeddings.word_embeddings.weight", WORDS, WIDTH).T + w("lm_head.decoder.bias", WORDS)}


def bert_words(w, x, mask, at, config):
    y = w.norm(ACTIVATIONS[config["hidden_act"]](w.linear(x, "cls.predictions.transform.dense", WIDTH)), "cls.predictions.transform.LayerNorm")
    return {"logits": y @ w(at + "embeddings.word_embeddings.weight", WORDS, WIDTH).T + w("cls.predictions.bias", WORDS)}


def euro_words(w, x, mask, at, config):
    return {"logits": w.linear(x, "lm_head", WORDS, bias=False)}


def euro_sequence(w, x, mask, at, config):
    dense = lambda y: ACTIVATIONS["gelu"](w.linear(y, "dense", WIDTH))
    pooling = config["clf_pooling"]
    if pooling == "late":
        return {"logits": mean(w.linear(dense(x), "out_proj", 3), mask)}
    return {"logits": w.linear(dense(x[:, 0] if pooling == "bos" else mean(x, mask)), "out_proj", 3)}


SIZES = dict(vocab_size=WORDS, hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=INNER,
             max_position_embeddings=64, layer_norm_eps=1e-12, hidden_act="gelu", pad_token_id=0, type_vocab_size=2)
GTE = dict(SIZES, model_type="new", position_embedding_type="rope", rope_theta=500.0, pack_qkv=True, layer_norm_type="layer_norm")
JINA = dict(SIZES, model_type="bert", position_embedding_type="alibi", feed_forward_type="geglu",
            auto_map={"AutoModel": "jinaai/jina-bert-implementation--modeling_bert.JinaBertModel"})
CODE = dict(JINA, auto_map={"AutoModel": "jinaai/jina-bert-v2-qk-post-norm--modeling_bert.JinaBertModel"})
EURO = dict(SIZES, model_type="eurobert", num_attention_heads=4, num_key_value_heads=2, head_dim=4, rms_norm_eps=1e-5, rope_theta=250.0,
            hidden_act="silu", clf_pooling="late")
# Folder: class, config, body, head, prefix of the body's weights.
MODELS = {
    "NewModel": ("NewModel", dict(GTE, type_vocab_size=0), gte, base, ""),
    "NewModel_ntk": ("NewModel", dict(GTE, rope_scaling={"type": "ntk", "factor": 2.0}, type_vocab_size=1, pack_qkv=False), gte, base, ""),
    "NewForSequenceClassification": ("NewForSequenceClassification", GTE, gte, sequence, "new."),
    "NewForMaskedLM": ("NewForMaskedLM", dict(GTE, hidden_act="relu"), gte, gte_words, "new."),
    "GteModel": ("GteModel", dict(GTE, model_type="gte", type_vocab_size=1), gte, base, ""),
    "JinaBertModel": ("JinaBertModel", JINA, jina, base_with_pooler, ""),
    "JinaBertModel_code": ("JinaBertModel", dict(CODE, feed_forward_type="reglu"), jina, base_with_pooler, ""),
    "JinaBertForMaskedLM": ("JinaBertForMaskedLM", dict(JINA, feed_forward_type="original"), jina, bert_words, "bert."),
    "JinaBertForSequenceClassification": ("JinaBertForSequenceClassification", dict(CODE, hidden_size=18, num_attention_heads=3), jina, sequence, "bert."),
    "EuroBertModel": ("EuroBertModel", EURO, eurobert, base, ""),
    "Qwen2Model_gte": ("Qwen2Model", dict(EURO, model_type="qwen2", auto_map={"AutoModel": "modeling_qwen.Qwen2Model"}), eurobert, base, ""),
    "EuroBertForMaskedLM": ("EuroBertForMaskedLM", EURO, eurobert, euro_words, "model."),
    "EuroBertForSequenceClassification": ("EuroBertForSequenceClassification", EURO, eurobert, euro_sequence, "model."),
    "EuroBertForSequenceClassification_mean": ("EuroBertForSequenceClassification", dict(EURO, clf_pooling="mean"), eurobert, euro_sequence, "model."),
}


def cases():
    ids = random.integers(3, WORDS, (1, 9))
    yield ids, (np.arange(9) > 4).astype(int)[None], np.ones_like(ids)
    ids = random.integers(3, WORDS, (2, 6))
    mask = np.ones_like(ids)
    ids[1, 4:], mask[1, 4:] = 0, 0
    yield ids, np.zeros_like(ids), mask


def tensor(value):
    return {"shape": list(value.shape), "data": [float(f"{x:.7g}") for x in value.flatten().tolist()]}


def make(folder, class_name, config, body, head, at):
    w, out = Weights(), []
    for ids, types, mask in cases():
        outputs = head(w, body(w, config, ids, types, mask, at), mask, at, config)
        out.append({"inputs": {"input_ids": ids.tolist(), "attention_mask": mask.tolist(), "token_type_ids": types.tolist()},
                    "outputs": {name: tensor(value) for name, value in outputs.items()}})
    place = HERE / folder
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    save_file(dict(w), place / "model.safetensors")
    (place / "config.json").write_text(json.dumps(dict(config, architectures=[class_name]), indent=1) + "\n")
    (place / "expected.json").write_text(json.dumps(out) + "\n")


if __name__ == "__main__":
    for folder, model in MODELS.items():
        make(folder, *model)
        print(folder)
