// The same encoder as Snowflake's arctic-embed v2 names it. https://arxiv.org/abs/2412.04506
#include "importers/huggingface/gte.h"

namespace nacre {
namespace {

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) { return build_gte(checkpoint, head, "Gte"); }

}  // namespace

extern const Architecture architecture_gte;
const Architecture architecture_gte{.model_type = "gte", .prefix = "Gte", .build = build};

}  // namespace nacre
