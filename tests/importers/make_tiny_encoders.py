#!/usr/bin/env python3
"""Makes tests/importers/data/encoders/NAME: random checkpoints of a few kilobytes as transformers writes them, and in expected.json what
transformers gives for them (float32, eager attention), after reading them back.

    python tests/importers/make_tiny_encoders.py [NAME...]       # needs torch, transformers 4.57, safetensors; no name: all
"""
import inspect
import json
import pathlib
import shutil
import sys

import torch
import transformers

HERE = pathlib.Path(__file__).resolve().parent / "data/encoders"
BERT = dict(vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=20, max_position_embeddings=24,
            type_vocab_size=2, pad_token_id=1)
DEBERTA = dict(BERT, pad_token_id=0, type_vocab_size=0, relative_attention=True, max_relative_positions=-1, pos_att_type=["c2p", "p2c"],
               position_biased_input=False)
SQUEEZE = dict(BERT, pad_token_id=0, embedding_size=16, q_groups=2, k_groups=2, v_groups=2, intermediate_groups=4, output_groups=2)
XLNET = dict(vocab_size=30, d_model=16, n_layer=2, n_head=2, d_inner=20, ff_activation="gelu", pad_token_id=0)
ESM = dict(BERT, position_embedding_type="rotary", mask_token_id=7, emb_layer_norm_before=False)
BIGBIRD = dict(BERT, pad_token_id=0, attention_type="original_full", eos_token_id=None)
LLAMA = dict(vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, intermediate_size=20,
             max_position_embeddings=24, pad_token_id=1, bos_token_id=2, eos_token_id=0)
T5 = dict(vocab_size=30, d_model=16, d_kv=6, d_ff=20, num_layers=2, num_heads=2, relative_attention_num_buckets=8,
          relative_attention_max_distance=12, pad_token_id=0)
BART = dict(vocab_size=30, d_model=16, encoder_layers=2, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=4,
            encoder_ffn_dim=20, decoder_ffn_dim=12, max_position_embeddings=24, pad_token_id=1, bos_token_id=0, eos_token_id=2,
            decoder_start_token_id=2, num_hidden_layers=2)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)
LONG = dict(rope_type="longrope", factor=4.0, short_factor=[1.0, 1.5], long_factor=[2.0, 3.5])
# Name, or name and what follows a dash to tell settings apart -> further settings.
MODELS = {
    **{name: dict(BERT, use_task_id=True, task_type_vocab_size=3, pad_token_id=0)
       for name in ("ErnieModel", "ErnieForMaskedLM", "ErnieForSequenceClassification")},
    **{name: BERT for name in (
        "Data2VecTextModel", "Data2VecTextForMaskedLM", "Data2VecTextForSequenceClassification", "RobertaPreLayerNormModel",
        "RobertaPreLayerNormForMaskedLM", "RobertaPreLayerNormForSequenceClassification", "XLMRobertaXLModel", "XLMRobertaXLForMaskedLM",
        "XLMRobertaXLForTokenClassification")},
    **{name: dict(BERT, pad_token_id=0) for name in ("MegatronBertModel", "MegatronBertForMaskedLM", "MegatronBertForQuestionAnswering")},
    **{name: dict(BERT, input_embedding_size=12, output_embedding_size=10, pad_token_id=0)
       for name in ("RemBertModel", "RemBertForMaskedLM", "RemBertForSequenceClassification")},
    **{name: dict(BERT, embedding_size=8, intra_bottleneck_size=12, num_feedforward_networks=2, pad_token_id=0)
       for name in ("MobileBertModel", "MobileBertForMaskedLM", "MobileBertForSequenceClassification")},
    **{name: dict(BERT, attention_window=[4, 8], max_position_embeddings=40, sep_token_id=2) for name in (
        "LongformerModel", "LongformerForMaskedLM", "LongformerForSequenceClassification", "LongformerForTokenClassification")},
    "LongformerForQuestionAnswering": dict(BERT, attention_window=4, max_position_embeddings=40, sep_token_id=2),
    "DebertaModel": dict(DEBERTA, type_vocab_size=2),
    "DebertaForSequenceClassification": dict(DEBERTA, max_relative_positions=4, pos_att_type=["c2p"], position_biased_input=True),
    "DebertaForMaskedLM": dict(DEBERTA, legacy=True),
    "DebertaForQuestionAnswering": dict(DEBERTA, relative_attention=False),
    "BigBirdModel": BIGBIRD,
    "BigBirdForMaskedLM": dict(BIGBIRD, attention_type="block_sparse"),
    "BigBirdForSequenceClassification": dict(BIGBIRD, rescale_embeddings=True),
    "BigBirdForTokenClassification": dict(BIGBIRD, use_bias=False, hidden_act="relu"),
    "SqueezeBertModel": SQUEEZE,
    "SqueezeBertForMaskedLM": dict(SQUEEZE, q_groups=1, k_groups=4, post_attention_groups=2),
    "SqueezeBertForTokenClassification": SQUEEZE,
    **{name: XLNET for name in ("XLNetModel", "XLNetForTokenClassification", "XLNetForQuestionAnsweringSimple")},
    "XLNetForSequenceClassification": dict(XLNET, summary_type="first"),
    "EsmModel": dict(ESM, token_dropout=True),
    "EsmForMaskedLM": dict(ESM, position_embedding_type="absolute", emb_layer_norm_before=True),
    "EsmForSequenceClassification": ESM,
    "EsmForTokenClassification": dict(ESM, token_dropout=True, position_embedding_type="absolute"),
    "BertModel-relative": dict(BERT, pad_token_id=0, position_embedding_type="relative_key"),
    "RobertaForSequenceClassification-relative": dict(BERT, position_embedding_type="relative_key_query"),
    **{name: dict(BERT, entity_vocab_size=5, entity_emb_size=8) for name in ("LukeModel", "LukeForSequenceClassification", "LukeForMaskedLM")},
    **{name: BERT for name in ("IBertModel", "IBertForTokenClassification")},
    "RoFormerModel": dict(BERT, pad_token_id=0, embedding_size=12),
    "RoFormerForMaskedLM": dict(BERT, pad_token_id=0, embedding_size=12, rotary_value=True),
    "RoFormerForSequenceClassification": dict(BERT, pad_token_id=0),
    "BertModel-relu6": dict(BERT, pad_token_id=0, hidden_act="relu6"),
    "BertModel-relu2": dict(BERT, pad_token_id=0, hidden_act="relu2"),
    "BertModel-gelu_10": dict(BERT, pad_token_id=0, hidden_act="gelu_10"),
    # decoders
    "LlamaModel": LLAMA,
    "LlamaModel-linear": dict(LLAMA, rope_scaling=dict(rope_type="linear", factor=2.0), attention_bias=True, mlp_bias=True),
    "LlamaModel-dynamic": dict(LLAMA, rope_scaling=dict(rope_type="dynamic", factor=2.0), max_position_embeddings=8, head_dim=8),
    "LlamaModel-yarn": dict(LLAMA, rope_scaling=dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=8), head_dim=8),
    "LlamaModel-longrope": dict(LLAMA, rope_scaling=LONG, max_position_embeddings=8),
    "LlamaForSequenceClassification": dict(LLAMA, rope_scaling=LLAMA3, head_dim=8),
    "LlamaForTokenClassification": dict(LLAMA, num_key_value_heads=1),
    "MistralModel": dict(LLAMA, sliding_window=3, head_dim=6),
    "MistralForSequenceClassification": dict(LLAMA, sliding_window=None),
    "Qwen2Model": LLAMA,
    "Qwen2ForSequenceClassification": dict(LLAMA, use_sliding_window=True, sliding_window=3, max_window_layers=1),
    "Qwen2ForTokenClassification": dict(LLAMA, tie_word_embeddings=True),
    "Qwen3Model": dict(LLAMA, head_dim=6),
    "Qwen3Model-yarn": dict(LLAMA, head_dim=8, rope_scaling=dict(rope_type="yarn", factor=2.0, original_max_position_embeddings=8)),
    "Qwen3ForSequenceClassification": dict(LLAMA, head_dim=4),
    "Qwen3ForCausalLM": dict(LLAMA, head_dim=4, tie_word_embeddings=True),
    "GemmaModel": dict(LLAMA, head_dim=8),
    "Gemma2Model": dict(LLAMA, head_dim=8, sliding_window=3, query_pre_attn_scalar=5, attn_logit_softcapping=1.0),
    "Gemma2ForSequenceClassification": dict(LLAMA, head_dim=4, sliding_window=4096),
    "Gemma3TextModel": dict(LLAMA, head_dim=8, sliding_window=8, use_bidirectional_attention=True, layer_types=["sliding_attention", "full_attention"]),
    "Gemma3TextModel-causal": dict(LLAMA, head_dim=4, sliding_window=4, num_hidden_layers=3, sliding_window_pattern=2, query_pre_attn_scalar=7),
    "Gemma3TextForSequenceClassification": dict(LLAMA, head_dim=4, sliding_window=8),
    # T5 and BART
    "T5EncoderModel": T5,
    "T5EncoderModel-gated": dict(T5, feed_forward_proj="gated-gelu", relative_attention_num_buckets=32, relative_attention_max_distance=128),
    "T5ForTokenClassification": dict(T5, feed_forward_proj="gated-silu"),
    "MT5EncoderModel": dict(T5, feed_forward_proj="gated-gelu"),
    "UMT5EncoderModel": dict(T5, feed_forward_proj="gated-gelu"),
    "BartModel": BART,
    "BartForSequenceClassification": dict(BART, scale_embedding=True, activation_function="relu"),
    "BartForQuestionAnswering": dict(BART, activation_function="gelu_new"),
    "MBartModel": dict(BART, scale_embedding=True),
    "MBartForSequenceClassification": dict(BART, activation_function="relu"),
}
# What only transformers 5 has, and what it writes otherwise than 4.57 did; run with it.
GTE = dict(BERT, type_vocab_size=1, pad_token_id=0)
NEWER = {
    "GteModel-5": GTE,
    "GteForMaskedLM-5": dict(GTE, rope_parameters=dict(rope_type="default", rope_theta=300.0)),
    "GteForSequenceClassification-5": dict(GTE, hidden_act="relu"),
    "NomicBertModel-5": dict(BERT, pad_token_id=0),
    "NomicBertForMaskedLM-5": dict(BERT, pad_token_id=0, hidden_act="gelu"),
    "NomicBertForSequenceClassification-5": dict(BERT, pad_token_id=0),
    **{name + "-5": dict(BERT, type_vocab_size=1) for name in (
        "JinaEmbeddingsV3Model", "JinaEmbeddingsV3ForMaskedLM", "JinaEmbeddingsV3ForSequenceClassification", "JinaEmbeddingsV3ForTokenClassification")},
    "EuroBertModel-5": dict(LLAMA, head_dim=4),
    "EuroBertForMaskedLM-5": LLAMA,
    "EuroBertForSequenceClassification-5": dict(LLAMA, classifier_pooling="mean"),
    "EuroBertForTokenClassification-5": LLAMA,
    "ModernBertModel-5": dict(vocab_size=30, hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=20, local_attention=4,
                              max_position_embeddings=24, pad_token_id=1, bos_token_id=0, eos_token_id=2, cls_token_id=0, sep_token_id=2),
    "LlamaModel-5": dict(LLAMA, rope_parameters=dict(LLAMA3, rope_theta=500.0)),
    "Qwen3Model-5": dict(LLAMA, head_dim=8, rope_parameters=dict(rope_type="yarn", factor=2.0, original_max_position_embeddings=8, rope_theta=100.0)),
    "Gemma3TextModel-5": dict(LLAMA, head_dim=8, sliding_window=8, use_bidirectional_attention=True, layer_types=["sliding_attention", "full_attention"]),
    "T5EncoderModel-5": dict(T5, feed_forward_proj="gated-gelu"),
    "BartForSequenceClassification-5": BART,
    "BertModel-5": BERT,
    "XLMRobertaForMaskedLM-5": BERT,
    "DebertaV2Model-5": dict(BERT, pad_token_id=0, relative_attention=True, pos_att_type=["c2p", "p2c"], position_buckets=4, share_att_key=True, norm_rel_ebd="layer_norm"),
}
if int(transformers.__version__.split(".")[0]) > 4:
    MODELS = NEWER


def tensor(value):
    return {"shape": list(value.shape), "data": [float(f"{x:.7g}") for x in value.flatten().tolist()]}


def cases(model):
    """One text of nine tokens, and two of six and four; each ends with the model's end token, which is nowhere else."""
    if model.config.model_type == "longformer" and model.__class__.__name__.endswith("QuestionAnswering"):
        ids = torch.randint(3, 30, (2, 11))  # the question, two separators, the text, a third
        ids[:, 10] = ids[0, 4] = ids[0, 5] = ids[1, 2] = ids[1, 3] = 2
        return (yield {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)})
    pad, end = getattr(model.config, "pad_token_id", 0), getattr(model.config, "eos_token_id", None)
    ids = torch.randint(3, 30, (1, 9))
    if end == 2:
        ids[0, 8] = 2
    if model.config.model_type == "esm":
        ids[0, 3] = ids[0, 6] = 7
    yield {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": (torch.arange(9) > 4).long()[None]}
    ids = torch.randint(3, 30, (2, 6))
    mask = torch.ones_like(ids)
    if end == 2:
        ids[0, 5] = ids[1, 3] = 2
    ids[1, 4:], mask[1, 4:] = pad, 0
    yield {"input_ids": ids, "attention_mask": mask, "token_type_ids": torch.zeros_like(ids)}


def spread(model):
    """Norms and biases begin as ones and zeros, which would hide mistakes."""
    torch.manual_seed(3)
    for key, weight in model.named_parameters():
        weight.data = torch.randn_like(weight) * 0.3 + (1 if weight.dim() == 1 and key.endswith("weight") else 0)
    model.tie_weights()


def make(name):
    torch.manual_seed(3)
    kind = name.split("-")[0]
    model_class = getattr(transformers, kind)
    config = model_class.config_class(**MODELS[name])
    config._attn_implementation = "eager"
    config.num_labels = 2 if "QuestionAnswering" in kind else 3
    model = model_class(config).eval()
    spread(model)
    folder = HERE / name.replace("-", "_")
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    model = model_class.from_pretrained(folder, attn_implementation="eager").eval()
    out = []
    with torch.no_grad():
        known = inspect.signature(model.forward).parameters
        for inputs in cases(model):
            inputs = {key: value for key, value in inputs.items() if key in known}
            if getattr(config, "type_vocab_size", 2) == 1 and "token_type_ids" in inputs:
                inputs["token_type_ids"] = inputs["token_type_ids"] * 0
            outputs = {key: tensor(value) for key, value in model(**inputs).items()
                       if torch.is_tensor(value) and key != "encoder_last_hidden_state"}
            out.append({"inputs": {key: value.tolist() for key, value in inputs.items()}, "outputs": outputs})
    (folder / "expected.json").write_text(json.dumps(out) + "\n")


if __name__ == "__main__":
    for name in sys.argv[1:] or MODELS:
        make(name)
        print(name, flush=True)
