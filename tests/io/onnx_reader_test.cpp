#include "io/onnx_reader.h"

#include <gtest/gtest.h>

#include <random>

#include "io/onnx_tensor.h"
#include "io/onnx_writer.h"
#include "tests/io/goldens.h"

namespace nacre {
namespace {

using onnx::AttributeProto;

const AttributeProto& attribute(const onnx::NodeProto& node, std::string_view name) {
  static const AttributeProto none;
  for (const AttributeProto& a : node.attribute)
    if (a.name == name) return a;
  ADD_FAILURE() << "no attribute " << name;
  return none;
}

TEST(OnnxReader, ReadsEveryPartOfAModel) {
  const MappedFile file = golden("small.onnx");
  const auto model = onnx::parse_model(file.bytes());
  ASSERT_TRUE(model) << model.error().what();
  EXPECT_EQ(model->ir_version, 10);
  EXPECT_EQ(model->producer_name, "goldens");
  ASSERT_EQ(model->opset_import.size(), 2u);
  EXPECT_EQ(model->opset_import[1].domain, "local");
  EXPECT_EQ(model->opset_import[0].version, 21);
  EXPECT_EQ(model->metadata_props.at(0).value, "value");
  const onnx::GraphProto& graph = model->graph;
  EXPECT_EQ(graph.name, "small");
  ASSERT_EQ(graph.node.size(), 5u);
  EXPECT_EQ(graph.node[0].op_type, "If");
  EXPECT_EQ(graph.node[0].name, "choose");
  EXPECT_EQ(attribute(graph.node[0], "else_branch").g->node.at(0).op_type, "Neg");
  EXPECT_EQ(graph.input.at(0).type.shape.dim.at(0).dim_param, "n");
  EXPECT_EQ(graph.input.at(0).type.shape.dim.at(1).dim_value, 3);
  EXPECT_TRUE(graph.input.at(1).type.has_shape);
  EXPECT_EQ(graph.value_info.at(0).type.kind, onnx::TypeProto::map);
  EXPECT_EQ(graph.value_info.at(0).type.element->elem_type, 7);
  EXPECT_FALSE(graph.value_info.at(0).type.element->has_shape);
  EXPECT_EQ(graph.initializer.at(0).name, "bias");
  EXPECT_EQ(graph.sparse_initializer.at(0).dims, (std::vector<int64_t>{3, 2}));
}

TEST(OnnxReader, ReadsEveryKindOfAttribute) {
  const MappedFile file = golden("small.onnx");
  const auto model = onnx::parse_model(file.bytes());
  ASSERT_TRUE(model);
  const onnx::NodeProto& node = model->graph.node.at(4);
  EXPECT_EQ(node.input, (std::vector<std::string_view>{""}));
  EXPECT_EQ(attribute(node, "floats").floats, (std::vector<float>{1.5f, -2.0f}));
  EXPECT_EQ(attribute(node, "ints").ints, (std::vector<int64_t>{3, -4}));
  EXPECT_EQ(attribute(node, "strings").strings, (std::vector<std::string_view>{"a", "b"}));
  EXPECT_EQ(attribute(node, "text").s, "ünï");
  EXPECT_EQ(attribute(node, "tensor").t->int64_data, (std::vector<int64_t>{1, -1}));
  EXPECT_EQ(attribute(node, "tensors").tensors.size(), 1u);
  const onnx::TypeProto& kind = *attribute(node, "kind").tp;
  EXPECT_EQ(kind.kind, onnx::TypeProto::optional);
  EXPECT_EQ(kind.element->kind, onnx::TypeProto::sequence);
  EXPECT_EQ(kind.element->element->shape.dim.at(1).kind, onnx::Dimension::none);
  const onnx::FunctionProto& function = model->functions.at(0);
  EXPECT_EQ(function.name, "Twice");
  EXPECT_EQ(function.attribute, (std::vector<std::string_view>{"other"}));
  EXPECT_EQ(function.attribute_proto.at(0).f, 1.0f);
  EXPECT_EQ(function.node.at(0).attribute.at(0).ref_attr_name, "scale");
  EXPECT_EQ(function.node.at(0).attribute.at(0).type, AttributeProto::FLOAT);
}

TEST(OnnxReader, OldAttributesWithoutTypeGetTheirFields) {
  const auto node =
      onnx::parse_node(bytes_of("\x2a\x06\x0a\x01"
                                "a\x42\x01\x05"));  // ints only, no type
  ASSERT_TRUE(node) << node.error().what();
  EXPECT_EQ(node->attribute.at(0).type, AttributeProto::INTS);
}

TEST(OnnxReader, WriterRepeatsProtobufsBytes) {
  for (const char* name : {"small.onnx"}) {
    const MappedFile file = golden(name);
    const auto bytes = onnx::serialise(*onnx::parse_model(file.bytes()));
    ASSERT_TRUE(bytes);
    EXPECT_TRUE(std::ranges::equal(*bytes, file.bytes()))
        << name << " has " << bytes->size() << " bytes instead of " << file.bytes().size();
  }
  const MappedFile sequence = golden("nested.pb"), optional = golden("optional_sequence.pb"), maps = golden("map_sequence.pb");
  EXPECT_TRUE(std::ranges::equal(*onnx::serialise(*onnx::parse_sequence(sequence.bytes())), sequence.bytes()));
  EXPECT_TRUE(std::ranges::equal(*onnx::serialise(*onnx::parse_sequence(maps.bytes())), maps.bytes()));
  EXPECT_TRUE(std::ranges::equal(*onnx::serialise(*onnx::parse_optional(optional.bytes())), optional.bytes()));
}

/// Everything that reads a model's content: must come to an end with a result or an error.
size_t digest(std::span<const std::byte> bytes) {
  const auto model = onnx::parse_model(bytes);
  if (!model) return model.error().message().size();
  size_t sum = 0;
  for (const auto& tensor : model->graph.initializer)
    if (const auto dense = onnx::to_tensor(tensor)) sum += dense->byte_size();
  for (const auto& tensor : model->graph.sparse_initializer)
    if (const auto dense = onnx::to_tensor(tensor, nullptr, 1 << 20)) sum += dense->byte_size();
  if (const auto again = onnx::serialise(*model)) sum += again->size();
  return sum;
}

TEST(OnnxReader, EveryPrefixGivesAResultOrAnError) {
  const MappedFile file = golden("small.onnx");
  size_t errors = 0;
  for (size_t length = 0; length < file.bytes().size(); ++length) {
    const std::vector<std::byte> prefix(file.bytes().begin(),
                                        file.bytes().begin() + static_cast<ptrdiff_t>(length));  // its own end, for asan
    digest(prefix);
    errors += !onnx::parse_model(prefix);
  }
  EXPECT_GT(errors, file.bytes().size() / 2);
}

TEST(OnnxReader, FlippedBitsGiveAResultOrAnError) {
  const MappedFile file = golden("small.onnx");
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::byte> damaged(file.bytes().begin(), file.bytes().end());
    for (int flips = 1 + round % 3; flips > 0; --flips) damaged[random() % damaged.size()] ^= static_cast<std::byte>(1u << random() % 8);
    digest(damaged);
  }
}

}  // namespace
}  // namespace nacre
