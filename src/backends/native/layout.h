// Which images of a plan lie with their channels last. Shapes stay what the graph says: [n, channels, spatial...]; the
// layout is where the elements are.
//
//     Layouts layouts = lay_out(graph, kept);                // inserts changes of layout where regions end
//     if (layouts[n].kernel) ...                             // node n runs by it; null: by find_kernel
//
// Kernels with channels last (kernel.h) that are worth it start regions, their neighbours join, and only a value that is
// needed in the other layout is copied: once, before its first such reader. Convolutions read planes as they are. Transposes
// and Reshapes between the layouts, and values for which both are the same (one channel, or one position), cost nothing.
#pragma once

#include "backends/native/kernel.h"

namespace nacre::native {

struct NodeLayout {
  const Kernel* kernel = nullptr;
  bool view = false;  // output 0 is input 0's bytes under another shape
};
using Layouts = std::vector<NodeLayout>;  // by node

/// `graph`'s facts are those of one plan. `kept`: edges that others than its nodes read.
Layouts lay_out(Graph& graph, std::span<const Edge> kept);

/// Elements that are moved from one layout to the other.
constexpr bool has_layouts(DType dtype) {
  return dtype == DType::float32 || dtype == DType::int32 || dtype == DType::uint8 || dtype == DType::int8;
}

/// A shape [n, c, spatial...] as [n, spatial..., c].
Shape with_channels_last(const Shape& shape);

/// True when both layouts of an image of this shape are the same bytes.
bool is_layout_free(const Shape& shape);

}  // namespace nacre::native
