// Walks a ModelProto once: names become edges, nodes are upgraded to canonical form and inferred as they come, bodies become
// graphs whose outer names are captures, calls of model-local functions are inlined.
#include "importers/onnx/import.h"

#include <set>

#include "core/os/file.h"
#include "graph/builder.h"
#include "importers/onnx/attributes.h"
#include "importers/onnx/not_onnx.h"
#include "importers/onnx/types.h"
#include "io/onnx_reader.h"
#include "io/onnx_tensor.h"

namespace nacre {
namespace {

constexpr int kMaxDepth = 64;
// Functions that call functions multiply: two kilobytes can ask for 2^64 nodes. No real model comes near.
constexpr int64_t kMaxInlined = 200'000;

std::string_view canonical_domain(std::string_view domain) { return domain == "ai.onnx" ? "" : domain; }

/// The names of one graph, or of one inlined function. A body's scope has the outer one as `parent`.
struct Scope {
  Graph& graph;
  Scope* parent = nullptr;
  std::unordered_map<std::string_view, Edge> names;
  std::vector<std::pair<Edge, Edge>> captured;  // (edge of the parent's graph, edge of this one)
  std::unordered_map<std::string_view, const onnx::ValueInfoProto*> declared;
  const std::unordered_map<std::string, int64_t>* opsets = nullptr;
  const AttributeBindings* bindings = nullptr;  // inside a function: what ref_attr_name means
  std::string prefix;                           // of node names inside a function
  int depth = 0;
  bool in_body = false;
};

class Importer {
 public:
  Importer(const onnx::ModelProto& model, std::shared_ptr<const void> owner, onnx::ExternalDir* external)
      : model_(model), owner_(std::move(owner)), external_(external) {}

  Result<Graph> run() {
    if (!model_.has_graph) return fail(ErrorCode::invalid_model, "the file holds no graph; is it an ONNX model?");
    NACRE_TRY(read_opsets());
    for (const onnx::FunctionProto& function : model_.functions)
      functions_[function_key(function.domain, function.name, function.overload)] = &function;
    Graph graph;
    graph.name = model_.graph.name;
    graph.doc = model_.doc_string;
    graph.opsets = opsets_;
    read_metadata(graph);
    Scope scope{.graph = graph, .opsets = &opsets_};
    NACRE_TRY(import_graph(model_.graph, scope, {}));
    return graph;
  }

 private:
  static std::string function_key(std::string_view domain, std::string_view name, std::string_view overload) {
    return cat(canonical_domain(domain), ":", name, ":", overload);
  }

  Result<void> read_opsets() {
    for (const onnx::OperatorSetIdProto& id : model_.opset_import) {
      int64_t& version = opsets_[std::string(canonical_domain(id.domain))];
      version = std::max(version, id.version);
    }
    if (opsets_.empty()) opsets_[""] = 1;  // files before IR version 3
    auto found = opsets_.find("");
    if (found != opsets_.end() && (found->second < 1 || found->second > kNewestOpset))
      return fail(ErrorCode::unsupported, "the model uses opset ", found->second, " of ai.onnx; 1 to ", kNewestOpset, " are understood");
    return {};
  }

  void read_metadata(Graph& graph) {
    auto put = [&](std::string_view key, std::string_view value) {
      if (!value.empty()) graph.metadata.emplace(key, value);
    };
    put("producer_name", model_.producer_name);
    put("producer_version", model_.producer_version);
    for (const onnx::StringStringEntryProto& entry : model_.metadata_props) put(entry.key, entry.value);
  }

  // --- graphs ---

  /// `formal`: for a body, nothing is known of its inputs but what it declares.
  Result<void> import_graph(const onnx::GraphProto& proto, Scope& scope, std::string_view what) {
    if (scope.depth > kMaxDepth) return fail(ErrorCode::invalid_model, "subgraphs nest deeper than ", kMaxDepth, what);
    NACRE_TRY(import_initializers(proto, scope));
    for (const onnx::ValueInfoProto& input : proto.input) {
      if (const auto found = scope.names.find(input.name); found != scope.names.end() && scope.graph.constant(found->second)) {
        // Before IR version 4 every initializer had to be listed among the inputs: that says nothing of callers.
        if (!scope.parent && model_.ir_version >= 4) scope.graph.defaults.emplace_back(input.name);
        continue;
      }
      NACRE_TRY(define(scope, input.name, scope.graph.add_input(std::string(input.name), fact_of(input.type, scope.graph))));
    }
    for (const onnx::ValueInfoProto& info : proto.value_info) scope.declared[info.name] = &info;
    for (const onnx::ValueInfoProto& info : proto.output) scope.declared[info.name] = &info;
    Builder builder(scope.graph);
    for (const onnx::NodeProto& node : proto.node) NACRE_TRY(import_node(node, scope, builder));
    for (const onnx::ValueInfoProto& output : proto.output) {
      auto edge = resolve(scope, output.name);
      if (!edge) return fail(ErrorCode::invalid_model, "nothing makes the output '", output.name, "'");
      scope.graph.add_output(*edge, std::string(output.name));
    }
    return {};
  }

  Result<void> import_initializers(const onnx::GraphProto& proto, Scope& scope) {
    for (const onnx::TensorProto& tensor : proto.initializer) {
      auto value = onnx::to_tensor(tensor, owner_, external_);
      if (!value) return std::unexpected(value.error().within(cat("initializer '", tensor.name, "'")));
      NACRE_TRY(define(scope, tensor.name, scope.graph.add_constant(std::move(*value), std::string(tensor.name))));
    }
    for (const onnx::SparseTensorProto& sparse : proto.sparse_initializer) {
      auto value = onnx::to_tensor(sparse, external_);
      if (!value) return std::unexpected(value.error().within(cat("initializer '", sparse.values.name, "'")));
      NACRE_TRY(define(scope, sparse.values.name, scope.graph.add_constant(std::move(*value), std::string(sparse.values.name))));
    }
    return {};
  }

  Result<void> define(Scope& scope, std::string_view name, Edge edge) {
    if (name.empty()) return {};
    if (!scope.names.emplace(name, edge).second) return fail(ErrorCode::invalid_model, "the name '", name, "' is defined twice");
    return {};
  }

  /// The edge of `name` here; an outer one is captured. Outer constants are shared instead.
  std::optional<Edge> resolve(Scope& scope, std::string_view name) {
    if (auto found = scope.names.find(name); found != scope.names.end()) return found->second;
    if (!scope.parent) return std::nullopt;
    const std::optional<Edge> outer = resolve(*scope.parent, name);
    if (!outer || *outer == kAbsent) return outer;
    const EdgeInfo info = scope.parent->graph[*outer];
    const Edge own = scope.graph.add_edge(info.name, info.fact);
    scope.graph[own].constant = info.constant;
    if (!info.constant) scope.captured.emplace_back(*outer, own);
    scope.names[name] = own;
    return own;
  }

  // --- nodes ---

  Result<void> import_node(const onnx::NodeProto& proto, Scope& scope, Builder& builder) {
    auto located = [&](Error error) {
      return std::unexpected(std::move(error.at(cat(proto.op_type, " \"", scope.prefix, proto.name, "\""))));
    };
    if (!open_functions_.empty() && ++inlined_ > kMaxInlined)
      return fail(ErrorCode::resource_exhausted, "the model's functions stand for more than ", kMaxInlined, " nodes");
    if (functions_.empty()) {
      // Most models have none: nothing to look up.
    } else if (auto found = functions_.find(function_key(proto.domain, proto.op_type, proto.overload)); found != functions_.end()) {
      auto inlined = call_function(*found->second, proto, scope);
      if (!inlined) return located(std::move(inlined.error()));
      return {};
    }
    auto done = import_operator(proto, scope, builder);
    if (!done) return located(std::move(done.error()));
    return {};
  }

  Result<int64_t> version_of(const onnx::NodeProto& proto, const Scope& scope) const {
    const std::string domain(canonical_domain(proto.domain));
    auto found = scope.opsets->find(domain);
    if (found != scope.opsets->end()) return found->second;
    if (!domain.empty()) return 1;  // exporters forget to import custom domains; they have one version
    return fail(ErrorCode::invalid_model, "the model imports no opset of ai.onnx");
  }

  Result<const Op*> find(const onnx::NodeProto& proto, int64_t version) const {
    const Op* op = find_op(canonical_domain(proto.domain), proto.op_type);
    if (op && *op->since.begin() <= version) return op;
    Error error(ErrorCode::unsupported, cat("unknown operator: domain '", proto.domain.empty() ? "ai.onnx" : proto.domain, "', name '",
                                            proto.op_type, "', opset ", version));
    if (op) error.suggest(cat("the operator exists from opset ", *op->since.begin()));
    return std::unexpected(std::move(error));
  }

  Result<void> import_operator(const onnx::NodeProto& proto, Scope& scope, Builder& builder) {
    const int64_t version = NACRE_TRY(version_of(proto, scope));
    Node node;
    node.op = NACRE_TRY(find(proto, version));
    node.name = cat(scope.prefix, proto.name);
    const AttributeReader reader{owner_, external_, scope.bindings};
    node.attributes = NACRE_TRY(reader.read(proto, scope.graph));
    if (node.op->name == "Constant" && node.op->domain.empty()) return import_constant(proto, node, scope);
    for (std::string_view name : proto.input) node.inputs.push_back(NACRE_TRY(use(scope, name)));
    while (!node.inputs.empty() && node.inputs.back() == kAbsent) node.inputs.pop_back();
    NACRE_TRY(import_bodies(proto, node, scope));
    return finish(proto, std::move(node), version, scope, builder);
  }

  Result<Edge> use(Scope& scope, std::string_view name) {
    if (name.empty()) return kAbsent;
    if (std::optional<Edge> edge = resolve(scope, name)) return *edge;
    return fail(ErrorCode::invalid_model, "nothing before it makes its input '", name, "'");
  }

  Result<void> import_constant(const onnx::NodeProto& proto, const Node& node, Scope& scope) {
    if (proto.output.size() != 1) return fail(ErrorCode::invalid_model, "has ", proto.output.size(), " outputs, gives 1");
    Tensor value = NACRE_TRY(constant_value(node.attributes));
    return define(scope, proto.output[0], scope.graph.add_constant(std::move(value), std::string(proto.output[0])));
  }

  Result<void> finish(const onnx::NodeProto& proto, Node node, int64_t version, Scope& scope, Builder& builder) {
    size_t outputs = proto.output.size();
    if (node.op->outputs.most < kMany)  // how many a variadic operator has means something
      while (outputs > 0 && proto.output[outputs - 1].empty()) --outputs;
    for (size_t i = 0; i < outputs; ++i) node.outputs.push_back(output_edge(scope, proto.output[i]));
    builder.set_prefix(node.name);
    if (node.op->inputs.least > 0 && !node.has_input(0)) return fail(ErrorCode::invalid_model, "input 0 is required and absent");
    if (node.op->upgrade && version < *(node.op->since.end() - 1)) {
      Upgrade upgrade(builder, node, version);
      NACRE_TRY(node.op->upgrade(upgrade));
      NACRE_TRY(builder.status());
      if (upgrade.replaced()) return take_replacement(proto, upgrade.outputs(), scope);
    }
    const std::vector<Edge> made = node.outputs;
    NACRE_TRY(append(std::move(node), scope));
    for (size_t i = 0; i < outputs; ++i) NACRE_TRY(define(scope, proto.output[i], made[i]));
    return {};
  }

  /// The facts of a body's inputs come with its node: what fails in a body now may be a branch that is never taken, and
  /// what is wrong fails again then.
  static Result<void> append(Node node, Scope& scope) {
    NACRE_TRY(check_node(scope.graph, node));
    scope.graph.nodes.push_back(std::move(node));
    Result<void> inferred = infer_node(scope.graph, scope.graph.nodes.back());
    return scope.in_body ? Result<void>() : inferred;
  }

  Result<void> take_replacement(const onnx::NodeProto& proto, const std::vector<Edge>& made, Scope& scope) {
    for (size_t i = 0; i < proto.output.size() && i < made.size(); ++i) {
      if (made[i] != kAbsent && scope.graph[made[i]].name.empty()) scope.graph[made[i]].name = proto.output[i];
      NACRE_TRY(define(scope, proto.output[i], made[i]));
    }
    return {};
  }

  /// Declared facts are hints: they stand only where inference knows nothing.
  Edge output_edge(Scope& scope, std::string_view name) {
    if (name.empty()) return kAbsent;
    auto declared = scope.declared.find(name);
    Fact fact = declared == scope.declared.end() ? Fact{} : fact_of(declared->second->type, scope.graph);
    return scope.graph.add_edge(cat(scope.prefix, name), std::move(fact));
  }

  // --- bodies ---

  Result<void> import_bodies(const onnx::NodeProto& proto, Node& node, Scope& scope) {
    for (const onnx::AttributeProto& attribute : proto.attribute) {
      if (attribute.type != onnx::AttributeProto::GRAPH) continue;
      if (!attribute.g)
        return fail(attribute.ref_attr_name.empty() ? ErrorCode::invalid_model : ErrorCode::unsupported, "attribute '", attribute.name,
                    attribute.ref_attr_name.empty() ? "' holds no graph" : "' is a graph that a function takes from its call");
      Graph graph;
      graph.name = attribute.g->name;
      graph.avoid_symbols_of(scope.graph);
      Scope inner{.graph = graph,
                  .parent = &scope,
                  .opsets = scope.opsets,
                  .bindings = scope.bindings,
                  .prefix = scope.prefix,
                  .depth = scope.depth + 1,
                  .in_body = true};
      NACRE_TRY(import_graph(*attribute.g, inner, attribute.name));
      scope.graph.avoid_symbols_of(graph);
      Body body(std::string(attribute.name), std::move(graph));
      for (auto [outer, own] : inner.captured) {
        body.graph->inputs.push_back(own);
        body.captures.push_back(capture(node, outer));
      }
      node.bodies.push_back(std::move(body));
    }
    return {};
  }

  /// The position of `outer` among the node's captured inputs; two bodies share one.
  static int32_t capture(Node& node, Edge outer) {
    for (size_t i = node.formal_inputs(); i < node.inputs.size(); ++i)
      if (node.inputs[i] == outer) return int32_t(i);
    node.inputs.push_back(outer);
    ++node.captured;
    return int32_t(node.inputs.size() - 1);
  }

  // --- functions ---

  Result<void> call_function(const onnx::FunctionProto& function, const onnx::NodeProto& call, Scope& scope) {
    if (!open_functions_.insert(&function).second) return fail(ErrorCode::invalid_model, "function '", function.name, "' calls itself");
    auto result = inline_function(function, call, scope);
    open_functions_.erase(&function);
    return result;
  }

  /// Names inside an inlined call start with this; calls without a name, or of one name, are told apart by number.
  std::string call_prefix(const onnx::NodeProto& call, const Scope& scope) {
    std::string prefix = cat(scope.prefix, call.name.empty() ? call.op_type : call.name);
    if (const int64_t before = prefixes_[prefix]++; before > 0) prefix += cat("#", before + 1);
    return prefix + "/";
  }

  Result<void> inline_function(const onnx::FunctionProto& function, const onnx::NodeProto& call, Scope& scope) {
    if (scope.depth >= kMaxDepth) return fail(ErrorCode::invalid_model, "functions nest deeper than ", kMaxDepth);
    if (call.input.size() > function.input.size() || call.output.size() > function.output.size())
      return fail(ErrorCode::invalid_model, "is called with ", call.input.size(), " inputs and ", call.output.size(),
                  " outputs; function '", function.name, "' has ", function.input.size(), " and ", function.output.size());
    std::unordered_map<std::string, int64_t> opsets;
    for (const onnx::OperatorSetIdProto& id : function.opset_import) opsets[std::string(canonical_domain(id.domain))] = id.version;
    const AttributeBindings bindings = bind_attributes(function, call, scope.bindings);
    Scope inner{.graph = scope.graph,
                .opsets = &opsets,
                .bindings = &bindings,
                .prefix = call_prefix(call, scope),
                .depth = scope.depth + 1,
                .in_body = scope.in_body};
    for (size_t i = 0; i < function.input.size(); ++i)
      inner.names[function.input[i]] = i < call.input.size() ? NACRE_TRY(use(scope, call.input[i])) : kAbsent;
    Builder builder(scope.graph);
    for (const onnx::NodeProto& node : function.node) NACRE_TRY(import_node(node, inner, builder));
    for (size_t i = 0; i < call.output.size(); ++i) {
      if (call.output[i].empty()) continue;
      auto made = inner.names.find(function.output[i]);
      if (made == inner.names.end())
        return fail(ErrorCode::invalid_model, "function '", function.name, "' does not make its output '", function.output[i], "'");
      NACRE_TRY(define(scope, call.output[i], made->second));
    }
    return {};
  }

  const onnx::ModelProto& model_;
  std::shared_ptr<const void> owner_;
  onnx::ExternalDir* external_;
  std::unordered_map<std::string, int64_t> opsets_;
  std::unordered_map<std::string, const onnx::FunctionProto*> functions_;
  std::set<const onnx::FunctionProto*> open_functions_;
  std::unordered_map<std::string, int64_t> prefixes_;  // of inlined calls, and how often each was used
  int64_t inlined_ = 0;
};

Result<Graph> import_model(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, onnx::ExternalDir* external) {
  const auto model = onnx::parse_model(bytes);
  expect_reads(bytes.data(), bytes.size(), ReadOrder::forward);  // see import_onnx_file
  if (const std::string_view kind = !model || !model->has_graph ? other_kind_of_file(bytes) : ""; !kind.empty())
    return fail(ErrorCode::invalid_model, "this is not an ONNX model but ", kind);
  if (!model) return std::unexpected(model.error());
  return Importer(*model, std::move(owner), external).run();
}

}  // namespace

// Nodes come first in the file and are fetched at once; of the weights behind them parsing reads the heads alone, which in a large file
// lie far apart.
Result<Graph> import_onnx_file(const std::filesystem::path& path) {
  constexpr size_t kNodes = size_t{1} << 20, kLarge = size_t{32} << 20;
  auto file = std::make_shared<MappedFile>(NACRE_TRY(map_file(path.string())));
  onnx::ExternalDir external(path.has_parent_path() ? path.parent_path().string() : ".");
  const std::span<const std::byte> bytes = file->bytes();
  if (bytes.size() >= kLarge) {
    expect_reads(bytes.data(), bytes.size(), ReadOrder::scattered);
    fetch_mapped(bytes.data(), kNodes);
  }
  Graph graph = NACRE_TRY(import_model(bytes, std::move(file), &external));
  release_mapped(bytes.data(), bytes.size());  // what was parsed is not read again, and every page brought its neighbours along
  return graph;
}

Result<Graph> import_onnx_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  if (owner) return import_model(bytes, std::move(owner), nullptr);
  auto copy = std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.end());
  const std::span<const std::byte> kept = *copy;
  return import_model(kept, std::move(copy), nullptr);
}

}  // namespace nacre
