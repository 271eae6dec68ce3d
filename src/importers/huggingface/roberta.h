// RoBERTa, which XLM-RoBERTa and CamemBERT are by another name: BERT with positions behind the padding and other heads.
//
//     const Architecture architecture_camembert{.model_type = "camembert", .prefix = "Camembert", .build = build};
//     Result<Graph> build(...) { return build_roberta(checkpoint, head, "Camembert"); }
#pragma once

#include "importers/huggingface/encoder.h"

namespace nacre {

/// Its heads, which MPNet has, too.
std::span<const Head> roberta_heads();
/// Its inputs and positions: the tables' sum [batch, sequence, embedding].
Edge roberta_tables(Encoder& e);
/// All of it but the heads: sets x.
void encode_roberta(Encoder& e);

Result<Graph> build_roberta(const Checkpoint& checkpoint, std::string_view head, std::string_view class_prefix,
                            std::string prefix = "roberta.");

}  // namespace nacre
