#include "backends/native/layout.h"

#include <algorithm>
#include <numeric>

#include "backends/native/kernels/kernels.h"
#include "backends/native/parallel.h"
#include "graph/op.h"

namespace nacre::native {

Shape with_channels_last(const Shape& shape) {
  Shape out = shape;
  std::rotate(out.begin() + 1, out.begin() + 2, out.end());
  return out;
}

bool is_layout_free(const Shape& shape) {
  if (shape.size() < 3 || shape[1] == 1) return true;
  return std::all_of(shape.begin() + 2, shape.end(), [](int64_t dim) { return dim == 1; });
}

namespace {

// --- the change of layout: [n, rows, columns] -> [n, columns, rows] ---

struct PreparedChange {
  int64_t images, rows, columns;
};

Result<std::shared_ptr<const void>> prepare_change(const NodeView& n, bool to_last) {
  const Shape shape = *constant_shape(*n.fact(0).shape);
  const int64_t plane = std::accumulate(shape.begin() + 2, shape.end(), int64_t{1}, std::multiplies<>());
  return std::make_shared<PreparedChange>(to_last ? PreparedChange{shape[0], shape[1], plane} : PreparedChange{shape[0], plane, shape[1]});
}

/// target[columns, rows] = source[rows, columns], rows [begin, end).
void turn_bytes(const uint8_t* source, uint8_t* target, int64_t begin, int64_t end, int64_t rows, int64_t columns) {
  constexpr int64_t kStrip = 16;
  for (int64_t first = 0; first < columns; first += kStrip) {
    const int64_t last = std::min(columns, first + kStrip);
    for (int64_t row = begin; row < end; ++row)
      for (int64_t column = first; column < last; ++column) target[column * rows + row] = source[row * columns + column];
  }
}

void change_bytes(const Call& call) {
  const auto& [images, rows, columns] = *static_cast<const PreparedChange*>(call.prepared);
  const int64_t size = rows * columns, block = rows < 64 ? std::max<int64_t>(1, rows) : 64, blocks = (rows + block - 1) / block;
  const uint8_t* x = call.in<uint8_t>(0);
  uint8_t* y = call.out<uint8_t>();
  parallel(call.context, images * blocks, 1, [&, rows = rows, columns = columns](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t image = piece / blocks, row = piece % blocks * block;
      turn_bytes(x + image * size, y + image * size, row, std::min(rows, row + block), rows, columns);
    }
  });
}

Result<void> run_change(const Call& call) {
  if (bits_of(call.output().dtype()) == 8) return change_bytes(call), Result<void>{};
  const auto& [images, rows, columns] = *static_cast<const PreparedChange*>(call.prepared);
  const int64_t size = rows * columns, block = std::max<int64_t>(16, (8192 / std::max<int64_t>(1, columns) + 15) / 16 * 16);
  const int64_t blocks = (rows + block - 1) / block;
  const float* x = call.in(0);  // or int32: moved, not computed with
  float* y = call.out();
  parallel(call.context, images * blocks, 1, [&, rows = rows, columns = columns](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t image = piece / blocks, row = piece % blocks * block;
      kernels().transpose(x + image * size + row * columns, columns, y + image * size + row, rows, std::min(block, rows - row), columns);
    }
  });
  return {};
}

bool never(const NodeView&) { return false; }
const Kernel kToLast{.name = "to_channels_last", .matches = never, .run = run_change, .prepare = [](const NodeView& n, PackCache&) {
                       return prepare_change(n, true);
                     }};
const Kernel kToPlanes{.name = "to_planes", .matches = never, .run = run_change, .prepare = [](const NodeView& n, PackCache&) {
                         return prepare_change(n, false);
                       }};

// --- regions ---

class Assigner {
 public:
  Assigner(Graph& graph, std::span<const Edge> kept) : graph_(graph), given_out_(graph.edge_count()) {
    for (Edge edge : graph.outputs) given_out_[index(edge)] = true;
    for (Edge edge : kept) given_out_[index(edge)] = true;
    edges_.resize(graph.edge_count());
  }

  Layouts run() {
    if (!any_start()) return Layouts(graph_.nodes.size());
    std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    for (Node& node : nodes) place(std::move(node));
    return std::move(layouts_);
  }

 private:
  /// The edges that hold a value in each layout; kAbsent: not made (yet).
  struct Twins {
    Layout made = Layout::planes;
    Edge other = kAbsent;
  };

  bool any_start() const {
    return std::any_of(graph_.nodes.begin(), graph_.nodes.end(), [&](const Node& node) {
      const Kernel* kernel = is_known(node) ? find_channels_last({graph_, node}) : nullptr;
      return kernel && kernel->last.starts;
    });
  }

  bool is_known(const Node& node) const {
    const auto known = [&](Edge edge) {
      return edge == kAbsent || (graph_.fact(edge).is_tensor() && graph_.fact(edge).has_constant_shape());
    };
    return std::all_of(node.inputs.begin(), node.inputs.end(), known) && std::all_of(node.outputs.begin(), node.outputs.end(), known);
  }

  Shape shape_of(Edge edge) const { return *constant_shape(*graph_.fact(edge).shape); }
  /// Where the layouts differ.
  bool is_image(Edge edge) const { return edge != kAbsent && !is_layout_free(shape_of(edge)); }
  bool is_last(Edge edge) const { return index(edge) < edges_.size() && edges_[index(edge)].made == Layout::channels_last; }

  void place(Node node) {
    NodeLayout layout;
    bool last_out = false;
    if (is_known(node)) {
      if (const auto moved = view_of(node)) return add(std::move(node), {nullptr, true}, moved->in_last ? ~0u : 0u, moved->out_last);
      layout.kernel = choose(node);
      last_out = layout.kernel != nullptr;
    }
    const uint32_t images = layout.kernel ? layout.kernel->last.images : 0u;
    add(std::move(node), layout, images, last_out);
  }

  const Kernel* choose(const Node& node) const {
    const Kernel* kernel = find_channels_last({graph_, node});
    if (!kernel) return nullptr;
    int64_t joined = 0, changed = 0;  // elements of inputs that lie right and wrong
    for (size_t i = 0; i < node.formal_inputs(); ++i) {
      const Edge edge = node.inputs[i];
      if (edge == kAbsent || !(kernel->last.images >> i & 1) || !is_image(edge)) continue;
      const Shape shape = shape_of(edge);
      const int64_t size = std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
      (is_last(edge) ? joined : changed) += size;
    }
    if (!kernel->last.starts) return joined > 0 && joined >= changed ? kernel : nullptr;
    return kernel->last.from_planes && is_image(node.inputs[0]) && !is_last(node.inputs[0]) ? kernel->last.from_planes : kernel;
  }

  struct View {
    bool in_last, out_last;
  };
  /// Transposes between the layouts, and Reshapes that keep images and channels.
  std::optional<View> view_of(const Node& node) const {
    if (!node.op->domain.empty() || !node.has_input(0) || !node.has_output(0) || graph_.constant(node.inputs[0])) return std::nullopt;
    if (!has_layouts(graph_.fact(node.inputs[0]).dtype)) return std::nullopt;
    const Shape in = shape_of(node.inputs[0]), out = shape_of(node.outputs[0]);
    if (node.op->name == "Transpose") return view_of_transpose(node, in);
    const bool keeps = in.size() >= 3 && out.size() >= 3 && in[0] == out[0] && in[1] == out[1];
    if (keeps && is_last(node.inputs[0]) && is_view({graph_, node})) return View{true, true};
    return std::nullopt;
  }

  std::optional<View> view_of_transpose(const Node& node, const Shape& in) const {
    const std::vector<int64_t> perm = node.attributes.integers("perm");
    const size_t rank = in.size();
    if (rank < 3 || perm.size() != rank || perm[0] != 0) return std::nullopt;
    bool to_end = perm[rank - 1] == 1, from_end = perm[1] == int64_t(rank) - 1;
    for (size_t d = 1; d + 1 < rank; ++d) to_end = to_end && perm[d] == int64_t(d) + 1;
    for (size_t d = 2; d < rank; ++d) from_end = from_end && perm[d] == int64_t(d) - 1;
    if (to_end && is_last(node.inputs[0])) return View{true, false};
    if (from_end && !is_last(node.inputs[0])) return View{false, true};
    return std::nullopt;
  }

  void add(Node node, NodeLayout layout, uint32_t images, bool last_out) {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      Edge& edge = node.inputs[i];
      if (edge == kAbsent || !knows_layout(edge)) continue;
      const bool wants = i < 32 && i < node.formal_inputs() && (images >> i & 1);
      edge = in_layout(edge, wants ? Layout::channels_last : Layout::planes);
    }
    std::vector<Edge> to_give_out;
    for (Edge& edge : node.outputs) {
      if (!last_out || !is_image(edge)) continue;
      const Edge original = edge;
      if (given_out_[index(original)]) edge = twin_of(original), to_give_out.push_back(original);
      edges_[index(original)] = {Layout::channels_last, kAbsent};
      made_as_[original] = edge;
    }
    const std::vector<Edge> made(node.outputs);
    push(std::move(node), layout);
    for (Edge original : to_give_out) change(made_as_[original], original, Layout::planes), edges_[index(original)].other = original;
  }

  bool knows_layout(Edge edge) const { return graph_.fact(edge).is_tensor() && graph_.fact(edge).has_constant_shape() && is_image(edge); }

  /// The edge that holds `edge`'s value in `layout`; a change is inserted when nobody needed it before.
  Edge in_layout(Edge edge, Layout layout) {
    if (edges_[index(edge)].made == layout) {
      const auto found = made_as_.find(edge);
      return found == made_as_.end() ? edge : found->second;
    }
    if (edges_[index(edge)].other == kAbsent) {
      const auto found = made_as_.find(edge);
      const Edge from = found == made_as_.end() ? edge : found->second, to = twin_of(edge);
      change(from, to, layout);
      edges_[index(edge)].other = to;
    }
    return edges_[index(edge)].other;
  }

  Edge twin_of(Edge edge) {
    const Fact fact = graph_.fact(edge);
    return graph_.add_edge({}, fact);
  }

  void change(Edge from, Edge to, Layout layout) {
    const bool to_last = layout == Layout::channels_last;
    Node node{.op = find_op("", "Identity"), .name = to_last ? "(to channels last)" : "(to planes)", .inputs = {from}, .outputs = {to}};
    push(std::move(node), {to_last ? &kToLast : &kToPlanes, false});
  }

  void push(Node node, NodeLayout layout) {
    graph_.nodes.push_back(std::move(node));
    layouts_.push_back(layout);
  }

  Graph& graph_;
  std::vector<bool> given_out_;
  std::vector<Twins> edges_;  // by the edges that were there before
  std::unordered_map<Edge, Edge> made_as_;
  Layouts layouts_;
};

}  // namespace

Layouts lay_out(Graph& graph, std::span<const Edge> kept) { return Assigner(graph, kept).run(); }

}  // namespace nacre::native
