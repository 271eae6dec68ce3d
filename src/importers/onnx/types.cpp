#include "importers/onnx/types.h"

namespace nacre {
namespace {

DType dtype_of_number(int32_t number) { return number > 0 && number < kDTypeCount ? DType(number) : DType::undefined; }

// Paddle's and TensorFlow's exporters call every free dim by one of these: two such dims need not be equal.
bool names_nothing(std::string_view name) { return name.empty() || name == "?" || name == "None" || name == "-1"; }

SymDim dim_of(const onnx::Dimension& dim, Graph& graph) {
  // A file that we wrote has symbols of our form.
  if (dim.kind == onnx::Dimension::param_kind && !names_nothing(dim.dim_param) && graph.avoid_symbol(dim.dim_param))
    return SymDim::symbol(dim.dim_param);
  if (dim.kind == onnx::Dimension::value_kind && dim.dim_value >= 0) return dim.dim_value;
  return graph.fresh_symbol();
}

// A name of an item's dim is no dim of all items: test_sequence_map_add_2_sequences of onnx has items of 6, 1 and 4, declared [N].
Fact item_of(const onnx::TypeProto& type, Graph& graph) {
  Fact item = fact_of(type, graph);
  if (item.shape)
    for (SymDim& dim : *item.shape)
      if (!dim.is_constant()) dim = graph.fresh_symbol();
  return item;
}

}  // namespace

Fact fact_of(const onnx::TypeProto& type, Graph& graph) {
  switch (type.kind) {
    case onnx::TypeProto::tensor:
    case onnx::TypeProto::sparse_tensor: {
      Fact fact = Fact::tensor(dtype_of_number(type.elem_type));
      if (!type.has_shape) return fact;
      fact.shape.emplace();
      for (const onnx::Dimension& dim : type.shape.dim) fact.shape->push_back(dim_of(dim, graph));
      return fact;
    }
    case onnx::TypeProto::sequence: return Fact::sequence_of(type.element ? item_of(*type.element, graph) : Fact{});
    case onnx::TypeProto::optional: return Fact::optional_of(type.element ? fact_of(*type.element, graph) : Fact{});
    case onnx::TypeProto::map:
      return Fact::map(dtype_of_number(type.key_type), type.element ? dtype_of_number(type.element->elem_type) : DType::undefined);
    case onnx::TypeProto::none:
    case onnx::TypeProto::opaque: return {};
  }
  return {};
}

}  // namespace nacre
