// The kernel table, in order of preference. What no row matches is evaluated plainly.
#include <algorithm>
#include <iterator>

#include "backends/native/kernel.h"

namespace nacre::native {
namespace {

constexpr std::string_view kViews[] = {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"};

}  // namespace

const Kernel* find_kernel(const NodeView&) { return nullptr; }

bool is_view(const Node& node) {
  return node.op->domain.empty() && std::find(std::begin(kViews), std::end(kViews), node.op->name) != std::end(kViews);
}

}  // namespace nacre::native
