// Small ONNX models for tests, written with io's own structs.
//
//   ModelMaker m(13);
//   m.input("x", DType::float32, {"n", 3}).output("y", DType::float32, {"n", 3});
//   m.node("Relu", {"x"}, {"y"});
//   Session session = m.session();
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <initializer_list>

#include "importers/onnx/import.h"
#include "io/onnx_tensor.h"
#include "io/onnx_writer.h"
#include "nacre/session.h"

namespace nacre::test {

/// The structs view their strings: these stay until the program ends.
inline std::string_view keep(std::string text) {
  static std::deque<std::string> kept;
  return kept.emplace_back(std::move(text));
}
inline const Tensor& keep(Tensor tensor) {
  static std::deque<Tensor> kept;
  return kept.emplace_back(std::move(tensor));
}
inline std::vector<std::string_view> keep(const std::vector<std::string>& list) {
  std::vector<std::string_view> out;
  for (const std::string& text : list) out.push_back(keep(text));
  return out;
}

struct Dim {
  Dim(int64_t value) { proto.kind = onnx::Dimension::value_kind, proto.dim_value = value; }
  Dim(int value) : Dim(int64_t{value}) {}
  Dim(const char* name) { proto.kind = onnx::Dimension::param_kind, proto.dim_param = keep(std::string(name)); }
  onnx::Dimension proto;
};

inline onnx::TypeProto tensor_type(DType dtype, std::vector<Dim> dims) {
  onnx::TypeProto type;
  type.kind = onnx::TypeProto::tensor, type.elem_type = int32_t(dtype), type.has_shape = true;
  for (const Dim& dim : dims) type.shape.dim.push_back(dim.proto);
  return type;
}
inline onnx::TypeProto rankless(DType dtype) {
  onnx::TypeProto type = tensor_type(dtype, {});
  type.has_shape = false;
  return type;
}
inline onnx::TypeProto sequence_type(onnx::TypeProto element) {
  onnx::TypeProto type;
  type.kind = onnx::TypeProto::sequence, type.element = std::move(element);
  return type;
}
inline onnx::ValueInfoProto value_info(std::string name, onnx::TypeProto type) {
  onnx::ValueInfoProto info;
  info.name = keep(std::move(name)), info.type = std::move(type);
  return info;
}

inline onnx::AttributeProto named(std::string name, int32_t type) {
  onnx::AttributeProto out;
  out.name = keep(std::move(name)), out.type = type;
  return out;
}
inline onnx::AttributeProto attribute(std::string name, int64_t value) {
  auto out = named(std::move(name), onnx::AttributeProto::INT);
  return out.i = value, out;
}
inline onnx::AttributeProto attribute(std::string name, int value) { return attribute(std::move(name), int64_t{value}); }
inline onnx::AttributeProto attribute(std::string name, float value) {
  auto out = named(std::move(name), onnx::AttributeProto::FLOAT);
  return out.f = value, out;
}
inline onnx::AttributeProto attribute(std::string name, const char* value) {
  auto out = named(std::move(name), onnx::AttributeProto::STRING);
  return out.s = keep(std::string(value)), out;
}
inline onnx::AttributeProto attribute(std::string name, std::vector<int64_t> value) {
  auto out = named(std::move(name), onnx::AttributeProto::INTS);
  return out.ints = std::move(value), out;
}
inline onnx::AttributeProto attribute(std::string name, Tensor value) {
  auto out = named(std::move(name), onnx::AttributeProto::TENSOR);
  return out.t = onnx::from_tensor(keep(std::move(value))), out;
}
inline onnx::AttributeProto attribute(std::string name, onnx::GraphProto value) {
  auto out = named(std::move(name), onnx::AttributeProto::GRAPH);
  return out.g = std::move(value), out;
}
/// Inside a function: the call's attribute `of`.
inline onnx::AttributeProto reference(std::string name, std::string of, int32_t type) {
  auto out = named(std::move(name), type);
  return out.ref_attr_name = keep(std::move(of)), out;
}

using Names = std::vector<std::string>;

inline onnx::NodeProto make_node(std::string op, const Names& inputs, const Names& outputs,
                                 std::vector<onnx::AttributeProto> attributes = {}, std::string domain = "", std::string name = "") {
  onnx::NodeProto node;
  node.op_type = keep(std::move(op)), node.domain = keep(std::move(domain)), node.name = keep(std::move(name));
  node.input = keep(inputs), node.output = keep(outputs), node.attribute = std::move(attributes);
  return node;
}

class GraphProtoMaker {
 public:
  GraphProtoMaker& input(std::string name, DType dtype, std::vector<Dim> dims) {
    return input(std::move(name), tensor_type(dtype, std::move(dims)));
  }
  GraphProtoMaker& input(std::string name, onnx::TypeProto type) {
    return proto.input.push_back(value_info(std::move(name), std::move(type))), *this;
  }
  GraphProtoMaker& output(std::string name, DType dtype, std::vector<Dim> dims) {
    return output(std::move(name), tensor_type(dtype, std::move(dims)));
  }
  GraphProtoMaker& output(std::string name, onnx::TypeProto type = {}) {
    return proto.output.push_back(value_info(std::move(name), std::move(type))), *this;
  }
  GraphProtoMaker& constant(std::string name, Tensor value) {
    return proto.initializer.push_back(onnx::from_tensor(keep(std::move(value)), keep(std::move(name)))), *this;
  }
  GraphProtoMaker& node(std::string op, const Names& inputs, const Names& outputs, std::vector<onnx::AttributeProto> attributes = {},
                        std::string domain = "", std::string name = "") {
    return proto.node.push_back(make_node(std::move(op), inputs, outputs, std::move(attributes), std::move(domain), std::move(name))),
           *this;
  }
  onnx::GraphProto proto;
};

class ModelMaker : public GraphProtoMaker {
 public:
  explicit ModelMaker(int64_t opset = 22, int64_t ir_version = 10) {
    proto.name = "made";
    model.ir_version = ir_version;
    import("", opset);
  }
  ModelMaker& import(std::string domain, int64_t version) {
    return model.opset_import.push_back({keep(std::move(domain)), version}), *this;
  }
  /// A function of domain "local".
  onnx::FunctionProto& function(std::string name, const Names& inputs, const Names& outputs, std::vector<onnx::NodeProto> nodes,
                                int64_t opset = 22) {
    onnx::FunctionProto made;
    made.name = keep(std::move(name)), made.domain = "local", made.input = keep(inputs), made.output = keep(outputs),
    made.node = std::move(nodes);
    made.opset_import = {{"", opset}, {"local", 1}};
    return model.functions.emplace_back(std::move(made));
  }

  std::vector<std::byte> bytes() const {
    onnx::ModelProto whole = model;
    whole.has_graph = true, whole.graph = proto;
    auto out = onnx::serialise(whole);
    EXPECT_TRUE(out) << out.error().what();
    return out ? *out : std::vector<std::byte>();
  }
  Result<Graph> import_graph() const { return import_onnx_bytes(bytes(), nullptr); }
  Session session(const SessionOptions& options = {}) const { return Session::from_bytes(bytes(), nullptr, options); }

  onnx::ModelProto model;
};

/// What `call` threw; fails the test when it threw nothing.
template <class F>
Error thrown_by(F&& call) {
  try {
    call();
  } catch (const Error& error) { return error; }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorCode::internal, "nothing");
}

/// `error` is of this code and its text holds every part.
inline void expect_error(const Error& error, ErrorCode code, std::initializer_list<std::string_view> parts = {}) {
  EXPECT_EQ(to_string(error.code()), to_string(code)) << error.what();
  for (std::string_view part : parts)
    EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << "no '" << part << "' in: " << error.what();
}

inline Tensor floats(Shape shape, std::vector<float> values) { return Tensor::of<float>(std::move(shape), std::span<const float>(values)); }
inline Tensor ints(Shape shape, std::vector<int64_t> values) {
  return Tensor::of<int64_t>(std::move(shape), std::span<const int64_t>(values));
}
inline Tensor truth(bool value) { return Tensor::scalar<bool>(value); }
template <class T>
std::vector<T> values_of(const Tensor& tensor) {
  return {tensor.data<T>().begin(), tensor.data<T>().end()};
}

}  // namespace nacre::test
