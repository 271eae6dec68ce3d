// The IR: nodes in topological order, edges with facts, constants that may view a mapped file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/attributes.h"
#include "graph/fact.h"

namespace nacre {

struct Op;
class Graph;

/// Names an edge of one graph. Stable until `Graph::tidy`.
enum class Edge : int32_t {};
inline constexpr Edge kAbsent{-1};  // an optional input or output that is not there
constexpr size_t index(Edge edge) noexcept { return static_cast<size_t>(edge); }

struct EdgeInfo {
  std::string name;  // may be empty; unique otherwise
  Fact fact;
  std::shared_ptr<const Tensor> constant;  // set for initializers and folded results
};

/// A subgraph of a node. Its inputs are the operator's formal ones, then one for each captured edge of the outer graph.
struct Body {
  std::string name;  // the attribute's: "then_branch", "body"
  std::unique_ptr<Graph> graph;
  std::vector<int32_t> captures;  // positions in the node's `inputs` that feed the body's last inputs

  Body();
  Body(std::string name, Graph graph);
  Body(const Body& other);
  Body(Body&&) noexcept;
  Body& operator=(Body&&) noexcept;
  Body& operator=(const Body& other);
  ~Body();
  size_t formal_inputs() const;
};

struct Node {
  const Op* op = nullptr;
  std::string name;
  std::vector<Edge> inputs;  // the operator's own, then the edges its bodies capture
  std::vector<Edge> outputs;
  Attributes attributes;
  std::vector<Body> bodies;
  int32_t captured = 0;  // how many of `inputs` are captures

  size_t formal_inputs() const noexcept { return inputs.size() - static_cast<size_t>(captured); }
  bool has_input(size_t i) const noexcept { return i < formal_inputs() && inputs[i] != kAbsent; }
  bool has_output(size_t i) const noexcept { return i < outputs.size() && outputs[i] != kAbsent; }
  const Body* body(std::string_view name) const noexcept;
};

/// `Gather "/embeddings/Gather"`: how messages name a node.
std::string describe(const Node& node);

/// A value type: a copy shares the constants' elements and nothing else.
class Graph {
 public:
  std::string name;
  std::string doc;
  std::vector<Node> nodes;
  std::vector<Edge> inputs;
  std::vector<Edge> outputs;
  std::vector<std::string> output_names;                  // as long as `outputs`; an edge may be given out twice under two names
  std::unordered_map<std::string, int64_t> opsets;        // as the file imported them, for reports and export
  std::vector<std::string> defaults;                      // constants that the file lets its caller replace, by name
  std::unordered_map<std::string, std::string> metadata;  // producer, licence, custom properties

  size_t edge_count() const noexcept { return edges_.size(); }
  EdgeInfo& operator[](Edge edge) { return edges_[index(edge)]; }
  const EdgeInfo& operator[](Edge edge) const { return edges_[index(edge)]; }

  Edge add_edge(std::string name = {}, Fact fact = {});
  Edge add_input(std::string name, Fact fact);
  Edge add_constant(Tensor value, std::string name = {});
  void add_output(Edge edge, std::string name);

  const Fact& fact(Edge edge) const { return edges_[index(edge)].fact; }
  const Tensor* constant(Edge edge) const { return edge == kAbsent ? nullptr : edges_[index(edge)].constant.get(); }
  /// The edge becomes this constant. Whoever produced it may be dead now.
  void make_constant(Edge edge, Tensor value);
  const std::string& input_name(size_t i) const { return edges_[index(inputs[i])].name; }

  /// A symbol nobody else in this graph uses ("?7").
  SymDim fresh_symbol() { return SymDim::symbol("?" + std::to_string(++fresh_)); }
  /// Symbols made from now on differ from those of `other`: facts travel between a graph and its nodes' bodies.
  void avoid_symbols_of(const Graph& other) { fresh_ = fresh_ < other.fresh_ ? other.fresh_ : fresh_; }
  /// The same for a name that a file gives to a dim. False: it has the form of ours and is too large to be avoided.
  bool avoid_symbol(std::string_view name);

  /// Drops nodes and edges nothing needs, sorts nodes topologically and renumbers edges. Edges named before are invalid
  /// after. Fails on a cycle.
  Result<void> tidy();

 private:
  std::vector<EdgeInfo> edges_;
  int64_t fresh_ = 0;
};

/// Who uses an edge: `consumers[index(edge)]` holds node positions (a graph output is not a node); `producer` the node
/// that makes it, or -1.
struct Uses {
  explicit Uses(const Graph& graph);
  std::vector<std::vector<int32_t>> consumers;
  std::vector<int32_t> producer;
  std::vector<bool> is_output;
  /// True when `edge` has exactly one use, by a node.
  bool single(Edge edge) const { return !is_output[index(edge)] && consumers[index(edge)].size() == 1; }
};

/// Edge replacements, gathered while a pass reads the graph and applied at once.
class Rewriter {
 public:
  explicit Rewriter(Graph& graph) : graph_(graph) {}
  /// Every use of `old` becomes a use of `now`; chains are followed.
  void replace(Edge old, Edge now) { map_[old] = now; }
  bool changed() const noexcept { return !map_.empty(); }
  /// Applies the replacements and tidies the graph.
  Result<void> apply();

 private:
  Edge resolve(Edge edge) const;
  Graph& graph_;
  std::unordered_map<Edge, Edge> map_;
};

/// The graph's own rules: edges exist, are made once and before use, arity and dtypes fit the operators, bodies too.
Result<void> verify(const Graph& graph);

/// A listing people read: inputs, one line a node, outputs.
std::string print(const Graph& graph);

}  // namespace nacre
