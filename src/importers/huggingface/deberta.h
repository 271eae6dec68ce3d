// DeBERTa, whose first version differs from the later ones by how a layer's projections are stored.
//
//     Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) { return build_deberta(checkpoint, head, "Deberta"); }
#pragma once

#include "importers/huggingface/encoder.h"

namespace nacre {

Result<Graph> build_deberta(const Checkpoint& checkpoint, std::string_view head, std::string_view class_prefix);

}  // namespace nacre
