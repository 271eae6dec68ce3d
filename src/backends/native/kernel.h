// A row of the kernel table: what it matches and how it runs. The table in kernels.cpp lists them in order of preference;
// what no row matches falls to the operator's own evaluation ("reference"), which is always right.
#pragma once

#include "backends/native/packs.h"
#include "graph/op.h"
#include "runtime/backend.h"

namespace nacre::native {

/// One call of a kernel: values that are there, outputs whose place is allocated.
struct Call {
  const Node& node;
  const void* prepared;
  std::span<const Value* const> inputs;
  std::span<Value> outputs;
  RunContext& context;

  bool has(size_t i) const { return node.has_input(i); }
  const Tensor& input(size_t i) const { return inputs[i]->tensor(); }
  template <class T = float>
  const T* in(size_t i) const {
    return node.has_input(i) ? static_cast<const T*>(inputs[i]->tensor().raw()) : nullptr;
  }
  Tensor& output(size_t i = 0) const { return outputs[i].tensor(); }
  template <class T = float>
  T* out(size_t i = 0) const {
    return static_cast<T*>(outputs[i].tensor().mutable_raw());
  }
  /// Scratch memory, charged to the run's budget.
  Result<Tensor> scratch(int64_t bytes) const { return allocate(DType::uint8, {bytes}, context.budget); }
};

/// How the elements of images (values [n, channels, spatial...]) lie in memory, whatever their shape says.
enum class Layout : uint8_t { planes, channels_last };

/// A kernel for images with channels last: its place in a region of such values.
struct ChannelsLast {
  uint32_t images = ~0u;                       ///< bit i: input i is read with channels last, where the layouts differ for its shape
  bool starts = false;                         ///< worth a region of its own; others join one they are next to
  const struct Kernel* from_planes = nullptr;  ///< the same for an input 0 in planes: no change of layout before it
};

struct Kernel {
  std::string_view name;
  /// `node`'s inputs have constant shapes and its outputs too.
  bool (*matches)(const NodeView& node);
  Result<void> (*run)(const Call& call);
  /// Packs weights and resolves attributes, once per plan; null when there is nothing to prepare.
  Result<std::shared_ptr<const void>> (*prepare)(const NodeView& node, PackCache& cache) = nullptr;
  ChannelsLast last = {};
};

/// The kernel for a node whose shapes are known; null: evaluate it plainly.
const Kernel* find_kernel(const NodeView& node);
/// The one that gives its outputs with channels last; null: there is none.
const Kernel* find_channels_last(const NodeView& node);

/// True when the output is the input under another shape.
bool is_view(const NodeView& node);

}  // namespace nacre::native
