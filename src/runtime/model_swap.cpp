#include "runtime/model_swap.h"

#include <cmath>
#include <optional>

#include "core/text.h"

namespace nacre::detail {
namespace {

std::string ports_text(const std::vector<Port>& ports) {
  std::string out;
  for (const Port& port : ports) out += cat(out.empty() ? "" : ", ", port.name, " ", port.type);
  return out.empty() ? "none" : out;
}

// Names and dtypes in order, ranks where both know them; dimensions may differ.
void check_ports(std::string_view what, const std::vector<Port>& old, const std::vector<Port>& fresh) {
  bool same = old.size() == fresh.size();
  for (size_t i = 0; same && i < old.size(); ++i)
    same = old[i].name == fresh[i].name && old[i].dtype == fresh[i].dtype &&
           (!old[i].has_rank || !fresh[i].has_rank || old[i].dims.size() == fresh[i].dims.size());
  if (!same)
    throw Error(ErrorCode::invalid_model, cat("its ", what, " are ", ports_text(fresh), "; the old version's are ", ports_text(old)));
}

std::optional<Inputs> zeros_for(const Session& session) {
  Inputs out;
  for (const Port& port : session.inputs()) {
    if (port.dtype == DType::undefined || !port.has_rank) return std::nullopt;
    Shape shape = port.sizes;
    for (int64_t& size : shape) size = size < 0 ? 1 : size;
    out.emplace_back(port.name, Tensor(port.dtype, shape));
  }
  return out;
}

bool has_nan(const Value& value) {
  if (!value.is_tensor() || value.tensor().dtype() != DType::float32) return false;
  for (float each : value.tensor().data<float>())
    if (std::isnan(each)) return true;
  return false;
}

struct Trial {
  std::optional<Error> failure;
  bool nan = false;
};

Trial run(const Session& session, const Inputs& inputs) {
  Trial out;
  try {
    const Outputs outputs = session.run(inputs);
    for (size_t i = 0; i < outputs.size(); ++i) out.nan |= has_nan(outputs.value(i));
  } catch (const Error& error) { out.failure = error; }
  return out;
}

}  // namespace

void check_swap(const Session& old, const Session& fresh, const Inputs& probe) {
  check_ports("inputs", old.inputs(), fresh.inputs());
  check_ports("outputs", old.outputs(), fresh.outputs());
  const std::optional<Inputs> inputs = probe.empty() ? zeros_for(fresh) : probe;
  if (!inputs) return;  // nothing is known to run it on
  const Trial now = run(fresh, *inputs);
  if (!now.failure && !now.nan) return;
  const Trial before = run(old, *inputs);
  if (now.failure && !before.failure) throw Error(*now.failure).within("it fails on the probe");
  if (now.nan && !before.nan && !before.failure)
    throw Error(ErrorCode::invalid_model, "it gives NaN on the probe, the old version does not");
}

}  // namespace nacre::detail
