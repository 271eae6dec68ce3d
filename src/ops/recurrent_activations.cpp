// The activation functions a recurrent cell may name.
#include <algorithm>
#include <cmath>

#include "ops/recurrent.h"

namespace nacre {
namespace {

struct ActivationRow {
  std::string_view name;
  double (*function)(double, double, double);
  int parameters;  // how many of alpha and beta it takes
  double alpha, beta;
};

constexpr ActivationRow kActivations[] = {
    {"Relu", [](double x, double, double) { return x > 0    ? x
                                                   : x != x ? x
                                                            : 0; }, 0, 0, 0},
    {"Tanh", [](double x, double, double) { return std::tanh(x); }, 0, 0, 0},
    {"Sigmoid", [](double x, double, double) { return 1 / (1 + std::exp(-x)); }, 0, 0, 0},
    {"Affine", [](double x, double a, double b) { return a * x + b; }, 2, 1, 0},
    {"LeakyRelu", [](double x, double a, double) { return x >= 0 ? x : a * x; }, 1, 0.01f, 0},
    {"ThresholdedRelu", [](double x, double a, double) { return x >= a ? x : 0; }, 1, 1, 0},
    {"ScaledTanh", [](double x, double a, double b) { return a * std::tanh(b * x); }, 2, 1, 1},
    {"HardSigmoid", [](double x, double a, double b) { return std::clamp(a * x + b, 0.0, 1.0); }, 2, 0.2f, 0.5},
    {"Elu", [](double x, double a, double) { return x >= 0 ? x : a * std::expm1(x); }, 1, 1, 0},
    {"Softsign", [](double x, double, double) { return x / (1 + std::abs(x)); }, 0, 0, 0},
    {"Softplus", [](double x, double, double) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }, 0, 0, 0},
};

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

Result<std::vector<Activation>> read_activations(const Attributes& attributes, std::initializer_list<std::string_view> defaults,
                                                 size_t directions) {
  std::vector<std::string> names = attributes.strings("activations");
  const size_t wanted = defaults.size() * directions;
  if (names.empty())
    for (size_t d = 0; d < directions; ++d) names.insert(names.end(), defaults.begin(), defaults.end());
  // RNN's schema gives two by default, whatever the direction.
  if (names.size() < wanted || (names.size() > wanted && names.size() != 2 * wanted))
    return fail(ErrorCode::invalid_model, names.size(), " activations, expected ", wanted);
  const std::vector<float> alphas = attributes.reals("activation_alpha"), betas = attributes.reals("activation_beta");
  size_t alpha = 0, beta = 0;
  std::vector<Activation> out;
  for (size_t i = 0; i < wanted; ++i) {
    const auto* row =
        std::find_if(std::begin(kActivations), std::end(kActivations), [&](const ActivationRow& r) { return same_name(r.name, names[i]); });
    if (row == std::end(kActivations)) return fail(ErrorCode::invalid_model, "unknown activation '", names[i], "'");
    Activation activation{row->function, row->alpha, row->beta};
    if (row->parameters > 0 && alpha < alphas.size()) activation.alpha = alphas[alpha++];
    if (row->parameters > 1 && beta < betas.size()) activation.beta = betas[beta++];
    out.push_back(activation);
  }
  return out;
}

}  // namespace nacre
