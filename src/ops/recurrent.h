// The frame of LSTM, GRU and RNN: directions, sequence lengths, layouts, initial states, activations. A cell is one function.
#pragma once

#include "ops/contraction.h"

namespace nacre {

struct Activation {
  double (*function)(double x, double alpha, double beta);
  double alpha, beta;
  double operator()(double x) const { return function(x, alpha, beta); }
};

/// One step of one sequence. `input` is Wx + Wb + Rb and `recurrent` is R h for all gates, `hidden` numbers each; the cell
/// replaces `state` by the new h (and `memory`, LSTM's c). R h of gate `gate` for another h comes from `product`.
struct CellStep {
  int64_t hidden;
  const double *input, *recurrent;
  double *state, *memory;
  const double* bias;       // Rb alone, all gates; null when there is none
  const double* peepholes;  // LSTM: of input, output and forget gate; null when there are none
  const Activation* activations;
  double clip;
  void (*product)(const void* weights, const double* h, int64_t gate, double* out);
  const void* weights;

  /// Cuts to [-clip, clip].
  double cut(double x) const { return x > clip ? clip : x < -clip ? -clip : x; }
};

struct Cell {
  int64_t gates;
  std::initializer_list<std::string_view> activations;  // the defaults
  void (*step)(const CellStep& step, const Attributes& attributes);
  bool separate_bias = false;  // the last gate's Rb is not part of `input` (GRU's linear_before_reset)
  bool has_memory = false;
};

/// The functions that the attributes name, else the cell's `defaults`, for each direction. alpha and beta lists are consumed
/// in order, by the functions that take them.
Result<std::vector<Activation>> read_activations(const Attributes& attributes, std::initializer_list<std::string_view> defaults,
                                                 size_t directions);

/// Inputs X, W, R, B, sequence_lens, initial_h and, with memory, initial_c and P; outputs Y, Y_h and Y_c.
Result<void> infer_recurrent(Inference& inference, int64_t gates, bool has_memory);
Result<void> run_recurrent(Evaluation& e, const Cell& cell);
/// Drops output_sequence, which opsets 1-6 had and nobody honoured.
Result<void> upgrade_recurrent(Upgrade& upgrade);

}  // namespace nacre
