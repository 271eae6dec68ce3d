#!/usr/bin/env python3
"""Makes tests/importers/data/encoders/NAME: random checkpoints of a few kilobytes as transformers writes them, and in expected.json what
transformers gives for them (float32, eager attention).

    python tests/importers/make_tiny_encoders.py       # needs torch, transformers 4.57, safetensors
"""
import json
import pathlib
import shutil

import torch
import transformers

HERE = pathlib.Path(__file__).resolve().parent / "data/encoders"
SIZES = dict(vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=20, max_position_embeddings=24,
             type_vocab_size=2, pad_token_id=1)
OWN = {"Ernie": dict(use_task_id=True, task_type_vocab_size=3, pad_token_id=0), "MegatronBert": dict(pad_token_id=0),
       "RemBert": dict(input_embedding_size=12, output_embedding_size=10, pad_token_id=0),
       "MobileBert": dict(embedding_size=8, intra_bottleneck_size=12, num_feedforward_networks=2, pad_token_id=0)}
CLASSES = ["ErnieModel", "ErnieForMaskedLM", "ErnieForSequenceClassification", "Data2VecTextModel", "Data2VecTextForMaskedLM",
           "Data2VecTextForSequenceClassification", "RobertaPreLayerNormModel", "RobertaPreLayerNormForMaskedLM",
           "RobertaPreLayerNormForSequenceClassification", "XLMRobertaXLModel", "XLMRobertaXLForMaskedLM", "XLMRobertaXLForTokenClassification",
           "MegatronBertModel", "MegatronBertForMaskedLM", "MegatronBertForQuestionAnswering", "RemBertModel", "RemBertForMaskedLM",
           "RemBertForSequenceClassification", "MobileBertModel", "MobileBertForMaskedLM", "MobileBertForSequenceClassification"]


def tensor(value):
    return {"shape": list(value.shape), "data": [float(f"{x:.7g}") for x in value.flatten().tolist()]}


def cases(model):
    ids = torch.randint(3, 30, (1, 9))
    yield {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": (torch.arange(9) > 4).long()[None]}
    ids = torch.randint(3, 30, (2, 6))
    mask = torch.ones_like(ids)
    ids[1, 4:], mask[1, 4:] = model.config.pad_token_id, 0
    yield {"input_ids": ids, "attention_mask": mask, "token_type_ids": torch.zeros_like(ids)}


def make(name):
    torch.manual_seed(3)
    family = next(name[: -len(end)] for end in ("Model", "ForMaskedLM", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering")
                  if name.endswith(end))
    config = getattr(transformers, family + "Config")(**{**SIZES, **OWN.get(family, {})})
    config._attn_implementation = "eager"
    config.num_labels = 2 if name.endswith("ForQuestionAnswering") else 3
    model = getattr(transformers, name)(config).eval()
    for key, weight in model.named_parameters():  # norms and biases begin as ones and zeros, which would hide mistakes
        weight.data = torch.randn_like(weight) * 0.3 + (1 if weight.dim() == 1 and key.endswith("weight") else 0)
    model.tie_weights()
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    out = []
    with torch.no_grad():
        for inputs in cases(model):
            result = model(**inputs)
            outputs = {key: tensor(value) for key, value in result.items() if torch.is_tensor(value)}
            out.append({"inputs": {key: value.tolist() for key, value in inputs.items()}, "outputs": outputs})
    (folder / "expected.json").write_text(json.dumps(out) + "\n")


if __name__ == "__main__":
    for name in CLASSES:
        make(name)
        print(name, flush=True)
