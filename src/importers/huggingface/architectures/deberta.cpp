// DeBERTa, version 1. https://arxiv.org/abs/2006.03654, transformers/models/deberta/modeling_deberta.py
#include "importers/huggingface/deberta.h"

namespace nacre {
namespace {

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) { return build_deberta(checkpoint, head, "Deberta"); }

}  // namespace

extern const Architecture architecture_deberta;
const Architecture architecture_deberta{.model_type = "deberta", .prefix = "Deberta", .build = build};

}  // namespace nacre
