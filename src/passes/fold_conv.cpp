// What multiplies or shifts each channel of a convolution, plain or transposed, by a constant goes into its weights and bias:
// BatchNormalization, Mul and Add with one value or one per channel.
#include <cmath>

#include "core/convert.h"
#include "passes/match.h"
#include "passes/pass.h"

namespace nacre {
namespace {

/// y[c] = x[c] * scale[c] + shift[c].
struct Affine {
  std::vector<double> scale, shift;
};

std::vector<double> doubles(const Tensor& x) {
  std::vector<double> out(size_t(x.size()));
  load_as<double>(x.dtype(), x.raw(), 0, x.size(), out.data());
  return out;
}

class Folder {
 public:
  explicit Folder(Graph& graph) : graph_(graph), match_(graph) {}

  bool run() {
    bool changed = false;
    for (Node& node : graph_.nodes)
      if (fold(node)) changed = true;
    return changed;
  }

 private:
  bool fold(Node& conv) {
    const bool transposed = conv.op->name == "ConvTranspose" && conv.attributes.integer("group", 1) == 1;
    if ((conv.op->name != "Conv" && !transposed) || !conv.op->domain.empty() || !match_.is_float32(conv.outputs[0])) return false;
    const Tensor* w = graph_.constant(conv.inputs[1]);
    if (!w || w->rank() < 3 || (conv.has_input(2) && !graph_.constant(conv.inputs[2]))) return false;
    const Node* user = match_.user(conv.outputs[0]);
    if (!user || !user->op->domain.empty()) return false;
    const size_t axis = transposed ? 1 : 0;  // of the weights, that the output's channels lie along
    const int64_t channels = w->shape()[axis];
    if (channels == 0 || (conv.has_input(2) && graph_.constant(conv.inputs[2])->size() != channels)) return false;
    const std::optional<Affine> affine = affine_of(*user, conv.outputs[0], channels);
    if (!affine) return false;
    Node& last = graph_.nodes[size_t(user - graph_.nodes.data())];
    std::vector<Edge> inputs{conv.inputs[0], scaled(*w, axis, *affine), shifted(conv, *affine)};
    become(last, conv.op->name, std::move(inputs), conv.attributes);
    last.outputs.resize(1);
    conv.op = find_op("", "Identity");  // nobody reads it any more; tidied away
    conv.inputs.resize(1), conv.attributes = {};
    return true;
  }

  std::optional<Affine> affine_of(const Node& node, Edge x, int64_t channels) const {
    if (node.op->name == "BatchNormalization") return normalisation(node, x, channels);
    const bool is_mul = node.op->name == "Mul";
    if ((!is_mul && node.op->name != "Add") || !match_.same_shape(x, node.outputs[0])) return std::nullopt;
    const std::optional<Edge> other = Match::beside(node, x);
    const Tensor* constant = other ? graph_.constant(*other) : nullptr;
    if (!constant || !is_per_channel(constant->shape(), graph_.fact(x).shape->size(), channels)) return std::nullopt;
    std::vector<double> values = doubles(*constant);
    if (values.size() == 1) values.resize(size_t(channels), values[0]);
    const std::vector<double> zeros(size_t(channels), 0), ones(size_t(channels), 1);
    return is_mul ? Affine{std::move(values), zeros} : Affine{ones, std::move(values)};
  }

  static bool is_per_channel(const Shape& shape, size_t rank, int64_t channels) {
    int64_t size = 1;
    for (int64_t dim : shape) size *= dim;
    if (size == 1) return shape.size() <= rank;
    const size_t behind = rank - 2;  // axes after the channels
    return shape.size() > behind && shape.size() <= rank && size == channels && shape[shape.size() - 1 - behind] == channels;
  }

  std::optional<Affine> normalisation(const Node& node, Edge x, int64_t channels) const {
    if (node.attributes.integer("training_mode", 0) != 0 || node.inputs[0] != x) return std::nullopt;
    std::vector<double> parameter[4];
    for (size_t i = 0; i < 4; ++i) {
      const Tensor* constant = graph_.constant(node.inputs[i + 1]);
      if (!constant || constant->size() != channels) return std::nullopt;
      parameter[i] = doubles(*constant);
    }
    const double epsilon = node.attributes.real("epsilon", 1e-5f);
    Affine out{std::vector<double>(size_t(channels)), std::vector<double>(size_t(channels))};
    for (size_t c = 0; c < out.scale.size(); ++c) {
      out.scale[c] = parameter[0][c] / std::sqrt(parameter[3][c] + epsilon);
      out.shift[c] = parameter[1][c] - parameter[2][c] * out.scale[c];
    }
    return out;
  }

  Edge scaled(const Tensor& w, size_t axis, const Affine& affine) {
    Tensor out(DType::float32, w.shape());
    std::vector<double> values = doubles(w);
    const size_t channels = affine.scale.size();
    size_t run = 1;
    for (size_t d = axis + 1; d < w.shape().size(); ++d) run *= size_t(w.shape()[d]);
    for (size_t i = 0; i < values.size(); ++i) out.mutable_data<float>()[i] = float(values[i] * affine.scale[i / run % channels]);
    return graph_.add_constant(std::move(out));
  }

  Edge shifted(const Node& conv, const Affine& affine) {
    const size_t channels = affine.scale.size();
    const std::vector<double> bias = conv.has_input(2) ? doubles(*graph_.constant(conv.inputs[2])) : std::vector<double>(channels, 0);
    Tensor out(DType::float32, {int64_t(channels)});
    for (size_t c = 0; c < channels; ++c) out.mutable_data<float>()[c] = float(bias[c] * affine.scale[c] + affine.shift[c]);
    return graph_.add_constant(std::move(out));
  }

  Graph& graph_;
  Match match_;
};

Result<bool> run(Graph& graph, const PassOptions&) { return Folder(graph).run(); }

}  // namespace

extern const Pass pass_fold_conv;
const Pass pass_fold_conv{.name = "fold_conv", .level = PassLevel::fusion, .order = 10, .run = run};

}  // namespace nacre
