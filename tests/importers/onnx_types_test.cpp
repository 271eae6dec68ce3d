#include <gtest/gtest.h>

#include "importers/onnx/types.h"

namespace nacre {
namespace {

onnx::Dimension named(std::string_view name) { return {.kind = onnx::Dimension::param_kind, .dim_param = name}; }
onnx::Dimension sized(int64_t size) { return {.kind = onnx::Dimension::value_kind, .dim_value = size}; }

SymShape shape_of(std::vector<onnx::Dimension> dims) {
  Graph graph;
  onnx::TypeProto type{.kind = onnx::TypeProto::tensor, .has_shape = true, .elem_type = 1};
  type.shape.dim = std::move(dims);
  return *fact_of(type, graph).shape;
}

TEST(OnnxTypes, DimsOfOneNameAreEqual) {
  const SymShape shape = shape_of({named("batch"), named("batch"), named("seq"), sized(7)});
  EXPECT_EQ(shape[0], shape[1]);
  EXPECT_FALSE(shape[0] == shape[2]);
  EXPECT_TRUE(shape[3].is(7));
}

// PP-OCR's height and width are both called "?".
TEST(OnnxTypes, DimsThatExportersLeftUnnamedAreNotEqual) {
  for (std::string_view name : {"?", "None", "-1", ""}) {
    const SymShape shape = shape_of({named(name), named(name), sized(-1), sized(-1)});
    for (size_t a = 0; a < shape.size(); ++a)
      for (size_t b = 0; b < a; ++b) EXPECT_FALSE(shape[a] == shape[b]) << "dims " << b << " and " << a << " called '" << name << "'";
  }
}

// onnx's test_sequence_map_add_2_sequences has items of 6, 1 and 4 elements in a sequence of [N].
TEST(OnnxTypes, NamesOfItemsDimsAreNoDimsOfAllItems) {
  Graph graph;
  onnx::TypeProto item{.kind = onnx::TypeProto::tensor, .has_shape = true, .elem_type = 1}, type{.kind = onnx::TypeProto::sequence};
  item.shape.dim = {named("N"), sized(7)};
  type.element = std::move(item);
  const SymShape shape = *fact_of(type, graph).element->shape;
  EXPECT_FALSE(shape[0] == SymDim::symbol("N"));
  EXPECT_TRUE(shape[1].is(7));
}

}  // namespace
}  // namespace nacre
