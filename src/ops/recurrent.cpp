#include "ops/recurrent.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace nacre {
namespace {

struct Sizes {
  SymDim steps, batch, input, hidden;
  int64_t directions = 1;
  bool reverse = false, batch_first = false;
};

Result<Sizes> read_sizes(const Attributes& attributes, const SymShape* x, const SymShape* r, Inference* inference) {
  const std::string direction = attributes.string("direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
    return fail(ErrorCode::invalid_model, "direction '", direction, "' is none of forward, reverse, bidirectional");
  if (x && x->size() != 3) return fail(ErrorCode::invalid_argument, "X of shape ", *x, ": expected rank 3");
  if (r && r->size() != 3) return fail(ErrorCode::invalid_argument, "R of shape ", *r, ": expected rank 3");
  Sizes out;
  out.directions = direction == "bidirectional" ? 2 : 1, out.reverse = direction == "reverse";
  out.batch_first = attributes.integer("layout", 0) != 0;
  const auto unknown = [inference] { return inference ? inference->fresh() : SymDim(0); };
  out.steps = x ? (*x)[out.batch_first ? 1 : 0] : unknown();
  out.batch = x ? (*x)[out.batch_first ? 0 : 1] : unknown();
  out.input = x ? (*x)[2] : unknown();
  const int64_t said = attributes.integer("hidden_size", 0);
  if (attributes.has("hidden_size") && r && (*r)[2].differs(said))
    return fail(ErrorCode::invalid_argument, "R of shape ", *r, " for a hidden_size of ", said);
  const bool says_hidden = attributes.has("hidden_size") && (!r || !(*r)[2].is_constant());
  out.hidden = says_hidden ? SymDim(said) : r ? (*r)[2] : unknown();
  return out;
}

SymShape sequence_shape(const Sizes& s) {
  if (s.batch_first) return {s.batch, s.steps, s.directions, s.hidden};
  return {s.steps, s.directions, s.batch, s.hidden};
}
SymShape state_shape(const Sizes& s) {
  if (s.batch_first) return {s.batch, s.directions, s.hidden};
  return {s.directions, s.batch, s.hidden};
}

Result<void> expect_shape(const SymShape* shape, std::string_view name, const SymShape& expected) {
  if (!shape) return {};
  bool fits = shape->size() == expected.size();
  for (size_t d = 0; fits && d < expected.size(); ++d) fits = !(*shape)[d].differs(expected[d]);
  if (fits) return {};
  return fail(ErrorCode::invalid_argument, name, " of shape ", *shape, ": expected ", expected);
}

template <class ShapeOf>
Result<void> check_shapes(const Sizes& s, int64_t gates, bool has_memory, ShapeOf shape_of) {
  const SymDim rows = s.hidden * SymDim(gates);
  NACRE_TRY(expect_shape(shape_of(1), "W", {s.directions, rows, s.input}));
  NACRE_TRY(expect_shape(shape_of(2), "R", {s.directions, rows, s.hidden}));
  NACRE_TRY(expect_shape(shape_of(3), "B", {s.directions, rows * SymDim(2)}));
  NACRE_TRY(expect_shape(shape_of(4), "sequence_lens", {s.batch}));
  NACRE_TRY(expect_shape(shape_of(5), "initial_h", state_shape(s)));
  if (has_memory) NACRE_TRY(expect_shape(shape_of(6), "initial_c", state_shape(s)));
  return has_memory ? expect_shape(shape_of(7), "P", {s.directions, s.hidden * SymDim(3)}) : Result<void>();
}

// One evaluation: sizes as numbers, every input as T.
template <class T>
struct Run {
  Evaluation& e;
  const Cell& cell;
  int64_t steps, batch, input, hidden, directions, rows;  // rows: gates * hidden
  bool reverse, batch_first;
  std::vector<Activation> activations;
  std::vector<int64_t> lengths;
  double clip;
  Tensor *y, *y_h, *y_c;

  // Weights of one direction with their axes swapped.
  struct Weights {
    const T* recurrent;
    int64_t hidden, rows;
  };

  static void product(const void* weights, const double* h, int64_t gate, double* out) {
    const Weights& w = *static_cast<const Weights*>(weights);
    std::vector<T> vector(h, h + w.hidden);
    contract(MatrixView<T>{vector.data(), w.hidden, 1}, w.recurrent + gate * w.hidden, w.rows, 1, w.hidden, w.hidden, out, w.hidden);
  }

  int64_t state_at(int64_t direction, int64_t b) const {
    return (batch_first ? b * directions + direction : direction * batch + b) * hidden;
  }
  int64_t y_at(int64_t t, int64_t direction, int64_t b) const {
    return (batch_first ? (b * steps + t) * directions + direction : (t * directions + direction) * batch + b) * hidden;
  }

  void load_state(size_t i, int64_t direction, double* out) const {
    std::fill_n(out, batch * hidden, 0.0);
    for (int64_t b = 0; e.has(i) && b < batch; ++b)
      load_as<double>(e.dtype(i), e.input(i).raw(), state_at(direction, b), hidden, out + b * hidden);
  }
  void store(Tensor* to, int64_t at, const double* values) const {
    if (to) store_from<double>(to->dtype(), to->mutable_raw(), at, hidden, values);
  }
  std::vector<double> row_of(size_t i, int64_t direction, int64_t count) const {
    std::vector<double> out;
    if (!e.has(i)) return out;
    out.resize(static_cast<size_t>(count));
    load_as<double>(e.dtype(i), e.input(i).raw(), direction * count, count, out.data());
    return out;
  }

  // Wx + Wb + Rb for all steps of all sequences, in X's own order of rows.
  void input_sums(const T* x, const T* weights, const std::vector<double>& bias, double* sums) const {
    contract(MatrixView<T>{x, input, 1}, weights, rows, steps * batch, input, rows, sums, rows);
    if (bias.empty()) return;
    const int64_t both = cell.separate_bias ? rows - hidden : rows;
    for (int64_t row = 0; row < steps * batch; ++row)
      for (int64_t k = 0; k < rows; ++k) sums[row * rows + k] += bias[k] + (k < both ? bias[rows + k] : 0);
  }

  Result<void> run_direction(int64_t direction, const T* x, const T* w, const T* r) {
    const std::vector<double> bias = row_of(3, direction, 2 * rows),
                              peepholes = cell.has_memory ? row_of(7, direction, 3 * hidden) : std::vector<double>();
    Tensor w_turned = NACRE_TRY(e.scratch(dtype_of<T>, {input, rows})), r_turned = NACRE_TRY(e.scratch(dtype_of<T>, {hidden, rows}));
    T *wt = static_cast<T*>(w_turned.mutable_raw()), *rt = static_cast<T*>(r_turned.mutable_raw());
    transpose_matrix(w + direction * rows * input, rows, input, wt);
    transpose_matrix(r + direction * rows * hidden, rows, hidden, rt);
    Tensor inputs = NACRE_TRY(e.scratch(DType::float64, {steps, batch, rows})),
           recurrents = NACRE_TRY(e.scratch(DType::float64, {batch, rows}));
    Tensor states = NACRE_TRY(e.scratch(DType::float64, {2, batch, hidden})), narrow = NACRE_TRY(e.scratch(dtype_of<T>, {batch, hidden}));
    double *sums = static_cast<double*>(inputs.mutable_raw()), *recurrent = static_cast<double*>(recurrents.mutable_raw());
    double *state = static_cast<double*>(states.mutable_raw()), *memory = state + batch * hidden;
    T* state_as_t = static_cast<T*>(narrow.mutable_raw());
    input_sums(x, wt, bias, sums);
    load_state(5, direction, state);
    if (cell.has_memory) load_state(6, direction, memory);
    const Weights weights{rt, hidden, rows};
    for (int64_t step = 0; step < steps; ++step) {
      NACRE_TRY(e.checkpoint());
      for (int64_t i = 0; i < batch * hidden; ++i) state_as_t[i] = static_cast<T>(state[i]);
      contract(MatrixView<T>{state_as_t, hidden, 1}, rt, rows, batch, hidden, rows, recurrent, rows);
      for (int64_t b = 0; b < batch; ++b) {
        if (step >= lengths[b]) continue;
        const bool backward = reverse || direction == 1;
        const int64_t t = backward ? lengths[b] - 1 - step : step, row = batch_first ? b * steps + t : t * batch + b;
        cell.step({hidden, sums + row * rows, recurrent + b * rows, state + b * hidden, memory + b * hidden,
                   bias.empty() ? nullptr : bias.data() + rows, peepholes.empty() ? nullptr : peepholes.data(),
                   activations.data() + direction * cell.activations.size(), clip, product, &weights},
                  e.attributes());
        store(y, y_at(t, direction, b), state + b * hidden);
      }
    }
    for (int64_t b = 0; b < batch; ++b) {
      store(y_h, state_at(direction, b), state + b * hidden);
      store(y_c, state_at(direction, b), memory + b * hidden);
    }
    return {};
  }

  Result<void> run() {
    std::vector<T> scratch[3];
    const T *x = elements_as<T>(e.input(0), scratch[0]), *w = elements_as<T>(e.input(1), scratch[1]),
            *r = elements_as<T>(e.input(2), scratch[2]);
    for (int64_t direction = 0; direction < directions; ++direction) NACRE_TRY(run_direction(direction, x, w, r));
    return {};
  }
};

Result<std::vector<int64_t>> read_lengths(const Evaluation& e, int64_t batch, int64_t steps) {
  if (!e.has(4)) return std::vector<int64_t>(static_cast<size_t>(batch), steps);
  std::vector<int64_t> out = NACRE_TRY(e.integers(4));
  for (int64_t length : out)
    if (length < 0 || length > steps) return fail(ErrorCode::invalid_argument, "sequence_lens has ", length, ", expected 0 to ", steps);
  return out;
}

template <class T>
Result<void> run_as(Evaluation& e, const Cell& cell, const Sizes& s) {
  Run<T> run{e,
             cell,
             *s.steps.constant(),
             *s.batch.constant(),
             *s.input.constant(),
             *s.hidden.constant(),
             s.directions,
             0,
             s.reverse,
             s.batch_first,
             NACRE_TRY(read_activations(e.attributes(), cell.activations, static_cast<size_t>(s.directions))),
             {},
             HUGE_VAL,
             nullptr,
             nullptr,
             nullptr};
  run.rows = NACRE_TRY(checked_mul(cell.gates, run.hidden));
  run.lengths = NACRE_TRY(read_lengths(e, run.batch, run.steps));
  if (e.attributes().real("clip", 0) > 0) run.clip = e.attributes().real("clip", 0);
  const Shape sequence = *constant_shape(sequence_shape(s)), state = *constant_shape(state_shape(s));
  if (e.has_output(0)) {
    run.y = NACRE_TRY(e.output(0, sequence));
    std::memset(run.y->mutable_raw(), 0, run.y->byte_size());  // steps behind a sequence's end stay 0
  }
  if (e.has_output(1)) run.y_h = NACRE_TRY(e.output(1, state));
  if (e.has_output(2) && cell.has_memory) run.y_c = NACRE_TRY(e.output(2, state));
  return run.run();
}

}  // namespace

Result<void> infer_recurrent(Inference& inference, int64_t gates, bool has_memory) {
  const Sizes s = NACRE_TRY(read_sizes(inference.attributes(), inference.shape(0), inference.shape(2), &inference));
  NACRE_TRY(check_shapes(s, gates, has_memory, [&](size_t i) { return inference.shape(i); }));
  inference.set(0, inference.dtype(0), sequence_shape(s));
  inference.set(1, inference.dtype(0), state_shape(s));
  inference.set(2, inference.dtype(0), state_shape(s));
  return {};
}

Result<void> run_recurrent(Evaluation& e, const Cell& cell) {
  std::vector<SymShape> shapes(8);
  for (size_t i = 0; i < 8; ++i)
    if (e.has(i)) shapes[i] = symbolic(e.shape(i));
  const auto shape_of = [&](size_t i) { return e.has(i) ? &shapes[i] : nullptr; };
  const Sizes s = NACRE_TRY(read_sizes(e.attributes(), &shapes[0], &shapes[2], nullptr));
  NACRE_TRY(check_shapes(s, cell.gates, cell.has_memory, shape_of));
  return e.dtype(0) == DType::float64 ? run_as<double>(e, cell, s) : run_as<float>(e, cell, s);
}

Result<void> upgrade_recurrent(Upgrade& upgrade) {
  upgrade.node.attributes.erase("output_sequence");
  return {};
}

}  // namespace nacre
