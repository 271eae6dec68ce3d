// Edges get names again: their own where it is free, else one made from their maker. Bodies name what they capture as the
// outer graph does, constants shared with an outer graph too, so that nothing is written twice.
#include "importers/onnx/export.h"

#include <algorithm>
#include <deque>
#include <unordered_set>

#include "graph/op.h"
#include "importers/onnx/types.h"
#include "io/onnx_tensor.h"
#include "io/onnx_writer.h"

namespace nacre {
namespace {

class Exporter {
 public:
  Result<onnx::ModelProto> run(const Graph& graph) {
    onnx::ModelProto model;
    model.has_graph = true;
    std::unordered_map<const void*, std::string_view> shared;
    std::vector<std::string_view> names(graph.edge_count());
    model.graph = NACRE_TRY(write_graph(graph, names, shared));
    model.doc_string = graph.doc;
    write_opsets(graph, model);
    for (const auto& [key, value] : graph.metadata) {
      if (key == "producer_name")
        model.producer_name = value;
      else if (key == "producer_version")
        model.producer_version = value;
      else
        model.metadata_props.push_back({key, value});
    }
    std::sort(model.metadata_props.begin(), model.metadata_props.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    return model;
  }

 private:
  using Shared = std::unordered_map<const void*, std::string_view>;  // elements of an outer constant -> its name
  using Names = std::vector<std::string_view>;                       // by edge; empty: not named yet

  std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }

  std::string_view unique(std::string_view wanted, std::string_view otherwise) {
    std::string base(wanted.empty() ? otherwise : wanted);
    if (base.empty()) base = "value";
    std::string name = base;
    for (int i = 1; !used_.insert(name).second; ++i) name = cat(base, "_", i);
    return in_scope_.emplace_back(keep(std::move(name)));
  }

  // --- graphs ---

  /// `names` holds the outer names of captured inputs already.
  Result<onnx::GraphProto> write_graph(const Graph& graph, Names& names, Shared shared) {
    onnx::GraphProto proto;
    proto.name = graph.name.empty() ? std::string_view("graph") : std::string_view(graph.name);
    for (Edge edge : graph.inputs) {
      if (!names[index(edge)].empty()) continue;
      names[index(edge)] = unique(graph[edge].name, "input");
      proto.input.push_back({.name = names[index(edge)], .doc_string = {}, .type = type_of(graph.fact(edge)), .metadata_props = {}});
    }
    reserve_outputs(graph, names);
    write_constants(graph, names, shared, proto);
    name_results(graph, names);
    const Names outputs = output_names(graph, names);  // before any body: its names must differ from all of these
    for (const Node& node : graph.nodes) proto.node.push_back(NACRE_TRY(write_node(node, names, shared)));
    write_outputs(graph, names, outputs, proto);
    return proto;
  }

  /// An edge that is an output is called what the output is.
  void reserve_outputs(const Graph& graph, Names& names) {
    for (size_t i = 0; i < graph.outputs.size(); ++i) {
      std::string_view& name = names[index(graph.outputs[i])];
      if (name.empty() && !graph.constant(graph.outputs[i])) name = unique(graph.output_names[i], "output");
    }
  }

  void name_results(const Graph& graph, Names& names) {
    for (const Node& node : graph.nodes)
      for (size_t i = 0; i < node.outputs.size(); ++i) {
        const Edge edge = node.outputs[i];
        if (edge != kAbsent && names[index(edge)].empty()) names[index(edge)] = unique(graph[edge].name, cat(node.name, "_output_", i));
      }
  }

  /// What the outputs are called: their edges' names, or new ones for a second name and for what is no node's result.
  Names output_names(const Graph& graph, const Names& names) {
    Names out;
    for (size_t i = 0; i < graph.outputs.size(); ++i) {
      const std::string_view name = names[index(graph.outputs[i])];
      out.push_back(name == graph.output_names[i] ? name : unique(graph.output_names[i], "output"));
    }
    return out;
  }

  void write_outputs(const Graph& graph, const Names& names, const Names& outputs, onnx::GraphProto& proto) {
    for (size_t i = 0; i < graph.outputs.size(); ++i) {
      const Edge edge = graph.outputs[i];
      if (const std::string_view name = names[index(edge)]; name != outputs[i]) {
        onnx::NodeProto identity;
        identity.op_type = "Identity", identity.input = {name}, identity.output = {outputs[i]};
        proto.node.push_back(std::move(identity));
      }
      proto.output.push_back({.name = outputs[i], .doc_string = {}, .type = type_of(graph.fact(edge)), .metadata_props = {}});
    }
  }

  void write_constants(const Graph& graph, Names& names, Shared& shared, onnx::GraphProto& proto) {
    auto write = [&](Edge edge) {
      const Tensor* constant = graph.constant(edge);
      if (!constant || !names[index(edge)].empty()) return;
      if (auto found = shared.find(constant->raw()); constant->size() > 0 && found != shared.end()) {
        names[index(edge)] = found->second;
        return;
      }
      names[index(edge)] = unique(graph[edge].name, "constant");
      proto.initializer.push_back(onnx::from_tensor(*constant, names[index(edge)]));
      if (constant->size() > 0) shared.emplace(constant->raw(), names[index(edge)]);
    };
    for (const Node& node : graph.nodes)
      for (Edge edge : node.inputs)
        if (edge != kAbsent) write(edge);
    for (Edge edge : graph.outputs) write(edge);
  }

  // --- nodes ---

  Result<onnx::NodeProto> write_node(const Node& node, const Names& names, const Shared& shared) {
    if (node.op->domain == "nacre") {
      Error error(ErrorCode::unsupported, "is one of our own fused operators; export the graph before it is fused");
      return std::unexpected(error.at(describe(node)));
    }
    use(*node.op);
    onnx::NodeProto proto;
    proto.name = node.name, proto.op_type = node.op->name, proto.domain = node.op->domain;
    for (size_t i = 0; i < node.formal_inputs(); ++i) proto.input.push_back(node.inputs[i] == kAbsent ? "" : names[index(node.inputs[i])]);
    for (const Edge output : node.outputs) proto.output.push_back(output == kAbsent ? "" : names[index(output)]);
    for (const Attribute& attribute : node.attributes.list()) proto.attribute.push_back(write_attribute(attribute));
    for (const Body& body : node.bodies) proto.attribute.push_back(NACRE_TRY(write_body(node, body, names, shared)));
    return proto;
  }

  Result<onnx::AttributeProto> write_body(const Node& node, const Body& body, const Names& outer, const Shared& shared) {
    const Graph& graph = *body.graph;
    Names names(graph.edge_count());
    for (size_t k = 0; k < body.captures.size(); ++k)
      names[index(graph.inputs[body.formal_inputs() + k])] = outer[index(node.inputs[size_t(body.captures[k])])];
    onnx::AttributeProto proto;
    proto.name = body.name, proto.type = onnx::AttributeProto::GRAPH;
    const size_t outside = in_scope_.size();
    proto.g = NACRE_TRY(write_graph(graph, names, shared));
    for (; in_scope_.size() > outside; in_scope_.pop_back()) used_.erase(std::string(in_scope_.back()));  // free for the body beside it
    return proto;
  }

  onnx::AttributeProto write_attribute(const Attribute& attribute) {
    onnx::AttributeProto proto;
    proto.name = attribute.name;
    std::visit([&](const auto& value) { fill(proto, value); }, attribute.value);
    return proto;
  }
  using A = onnx::AttributeProto;
  void fill(A& proto, int64_t value) { proto.type = A::INT, proto.i = value; }
  void fill(A& proto, float value) { proto.type = A::FLOAT, proto.f = value; }
  void fill(A& proto, const std::string& value) { proto.type = A::STRING, proto.s = value; }
  void fill(A& proto, const std::vector<int64_t>& value) { proto.type = A::INTS, proto.ints = value; }
  void fill(A& proto, const std::vector<float>& value) { proto.type = A::FLOATS, proto.floats = value; }
  void fill(A& proto, const std::vector<std::string>& value) { proto.type = A::STRINGS, proto.strings.assign(value.begin(), value.end()); }
  void fill(A& proto, const Tensor& value) { proto.type = A::TENSOR, proto.t = onnx::from_tensor(value); }
  void fill(A& proto, const Fact& value) { proto.type = A::TYPE_PROTO, proto.tp = type_of(value); }
  void fill(A& proto, const std::vector<Tensor>& value) {
    proto.type = A::TENSORS;
    for (const Tensor& tensor : value) proto.tensors.push_back(onnx::from_tensor(tensor));
  }

  // --- types and opsets ---

  onnx::TypeProto type_of(const Fact& fact) {
    onnx::TypeProto out;
    switch (fact.kind) {
      case Fact::Kind::unknown: return out;
      case Fact::Kind::tensor:
        out.kind = onnx::TypeProto::tensor, out.elem_type = int32_t(fact.dtype), out.has_shape = fact.shape.has_value();
        for (const SymDim& dim : fact.shape.value_or(SymShape{})) out.shape.dim.push_back(dim_of(dim));
        return out;
      case Fact::Kind::sequence: out.kind = onnx::TypeProto::sequence, out.element = type_of(*fact.element); return out;
      case Fact::Kind::optional: out.kind = onnx::TypeProto::optional, out.element = type_of(*fact.element); return out;
      case Fact::Kind::map:
        out.kind = onnx::TypeProto::map, out.key_type = int32_t(fact.key_dtype),
        out.element = type_of(Fact::tensor(fact.dtype, SymShape{}));
        return out;
    }
    return out;
  }

  onnx::Dimension dim_of(const SymDim& dim) {
    onnx::Dimension out;
    if (dim.is_constant())
      out.kind = onnx::Dimension::value_kind, out.dim_value = *dim.constant();
    else if (const auto name = dim.symbol_name(); !name || name->front() != '?')
      out.kind = onnx::Dimension::param_kind, out.dim_param = keep(dim.text());
    return out;
  }

  /// The form we write is the operator's last one; where that came after kExportOpset only dtypes were added.
  void use(const Op& op) {
    int64_t version = *(op.since.end() - 1);
    if (op.domain.empty() && version > kExportOpset && *op.since.begin() <= kExportOpset) version = kExportOpset;
    int64_t& needed = opsets_[std::string(op.domain)];
    needed = std::max(needed, version);
  }

  void write_opsets(const Graph& graph, onnx::ModelProto& model) {
    if (!opsets_.contains("")) opsets_[""] = 13;
    for (auto& [domain, version] : opsets_) {
      if (auto found = graph.opsets.find(domain); found != graph.opsets.end())
        version = std::max(version, std::min(found->second, domain.empty() ? kExportOpset : found->second));
      model.opset_import.push_back({.domain = domain, .version = version});
    }
    std::sort(model.opset_import.begin(), model.opset_import.end(), [](const auto& a, const auto& b) { return a.domain < b.domain; });
    model.ir_version = opsets_[""] < 23 ? 10 : 13;
  }

  std::deque<std::string> kept_;  // what the protos view; a deque never moves its elements
  std::unordered_set<std::string> used_;
  Names in_scope_;  // what used_ holds, in the order it was taken
  std::unordered_map<std::string, int64_t> opsets_;
};

}  // namespace

Result<std::vector<std::byte>> export_onnx_bytes(const Graph& graph) {
  Exporter exporter;
  return onnx::serialise(NACRE_TRY(exporter.run(graph)));
}

Result<void> export_onnx_file(const Graph& graph, const std::filesystem::path& path, const std::string& external_data) {
  Exporter exporter;
  onnx::SaveOptions options;
  options.external_data = external_data;
  return onnx::save_model(NACRE_TRY(exporter.run(graph)), path.string(), options);
}

}  // namespace nacre
