// The operator table. The rows are the files of this folder; the build writes their names.
#include <algorithm>
#include <unordered_map>

#include "graph/op.h"

namespace nacre {

#define OP(stem) extern const Op op_##stem;
#include "ops_rows.inc"
#undef OP

namespace {

const Op* const kRows[] = {
#define OP(stem) &op_##stem,
#include "ops_rows.inc"
#undef OP
};

struct Table {
  std::vector<const Op*> sorted{std::begin(kRows), std::end(kRows)};
  std::unordered_map<std::string, const Op*> by_name;

  Table() {
    std::sort(sorted.begin(), sorted.end(),
              [](const Op* a, const Op* b) { return std::pair(a->domain, a->name) < std::pair(b->domain, b->name); });
    for (const Op* op : sorted) by_name.emplace(cat(op->domain, ":", op->name), op);
  }
};

const Table& table() {
  static const Table instance;
  return instance;
}

}  // namespace

const Op* find_op(std::string_view domain, std::string_view name) {
  if (domain == "ai.onnx") domain = "";
  auto found = table().by_name.find(cat(domain, ":", name));
  return found == table().by_name.end() ? nullptr : found->second;
}

std::span<const Op* const> all_ops() { return table().sorted; }

}  // namespace nacre
