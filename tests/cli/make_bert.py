#!/usr/bin/env python3
"""Makes tests/cli/data/bert: a sentence-transformers directory of a few kilobytes, and the embeddings of some sentences
worked out here in float64 by BERT's formulas (https://arxiv.org/abs/1810.04805), with no engine involved.

    python tests/cli/make_bert.py       # needs numpy, safetensors, tokenizers
"""
import json
import math
import pathlib

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

HERE = pathlib.Path(__file__).resolve().parent / "data/bert"
WIDTH, HEADS, INNER, LAYERS, POSITIONS = 8, 2, 16, 2, 32
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "man", "is", "eat", "##ing", "some", "##body", "has", "dinner", ".", "food"]
SENTENCES = ["A man is eating food.", "Somebody has dinner.", "man", "Quantum food is eating a man a man a man."]
random = np.random.default_rng(11)


def weights():
    out = {"embeddings.word_embeddings.weight": (len(WORDS), WIDTH), "embeddings.position_embeddings.weight": (POSITIONS, WIDTH),
           "embeddings.token_type_embeddings.weight": (2, WIDTH), "embeddings.LayerNorm.weight": (WIDTH,), "embeddings.LayerNorm.bias": (WIDTH,)}
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        for name, shape in {"attention.self.query": (WIDTH, WIDTH), "attention.self.key": (WIDTH, WIDTH), "attention.self.value": (WIDTH, WIDTH),
                            "attention.output.dense": (WIDTH, WIDTH), "intermediate.dense": (INNER, WIDTH), "output.dense": (WIDTH, INNER)}.items():
            out |= {f"{at}{name}.weight": shape, f"{at}{name}.bias": shape[:1]}
        for name in ["attention.output.LayerNorm", "output.LayerNorm"]:
            out |= {f"{at}{name}.weight": (WIDTH,), f"{at}{name}.bias": (WIDTH,)}
    out |= {"pooler.dense.weight": (WIDTH, WIDTH), "pooler.dense.bias": (WIDTH,)}
    return {name: random.normal(scale=0.5, size=shape).astype(np.float32) for name, shape in out.items()}


def tokenizer():
    out = Tokenizer(models.WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    out.normalizer, out.pre_tokenizer = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    out.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
                                                       special_tokens=[("[CLS]", WORDS.index("[CLS]")), ("[SEP]", WORDS.index("[SEP]"))])
    return out


def norm(x, w, name):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + 1e-12) * w[name + ".weight"] + w[name + ".bias"]


def dense(x, w, name):
    return x @ w[name + ".weight"].T + w[name + ".bias"]


def encode(ids, w):
    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:len(ids)] + w["embeddings.token_type_embeddings.weight"][0]
    x = norm(x, w, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        at, size = f"encoder.layer.{layer}.", WIDTH // HEADS
        q, k, v = (dense(x, w, f"{at}attention.self.{part}").reshape(len(ids), HEADS, size).swapaxes(0, 1) for part in ("query", "key", "value"))
        scores = np.exp(q @ k.swapaxes(1, 2) / math.sqrt(size))
        heads = (scores / scores.sum(-1, keepdims=True)) @ v
        x = norm(x + dense(heads.swapaxes(0, 1).reshape(len(ids), WIDTH), w, f"{at}attention.output.dense"), w, f"{at}attention.output.LayerNorm")
        inner = dense(x, w, f"{at}intermediate.dense")
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = norm(x + dense(inner, w, f"{at}output.dense"), w, f"{at}output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


def write(name, content):
    path = HERE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")


w, words = weights(), tokenizer()
write("config.json", {"architectures": ["BertModel"], "model_type": "bert", "hidden_size": WIDTH, "num_attention_heads": HEADS, "intermediate_size": INNER,
                      "num_hidden_layers": LAYERS, "vocab_size": len(WORDS), "max_position_embeddings": POSITIONS, "type_vocab_size": 2, "hidden_act": "gelu",
                      "layer_norm_eps": 1e-12, "pad_token_id": 0, "position_embedding_type": "absolute"})
write("modules.json", [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
                       {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
                       {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}])
write("1_Pooling/config.json", {"word_embedding_dimension": WIDTH, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True})
write("sentence_bert_config.json", {"max_seq_length": POSITIONS, "do_lower_case": False})
save_file(w, HERE / "model.safetensors", metadata={"format": "pt"})
words.save(str(HERE / "tokenizer.json"))
precise = {name: value.astype(np.float64) for name, value in w.items()}
write("expected.json", {sentence: encode(words.encode(sentence).ids, precise).tolist() for sentence in SENTENCES})
