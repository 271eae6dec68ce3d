#include "importers/huggingface/checkpoint.h"

#include "core/allocate.h"
#include "core/convert.h"
#include "core/os/file.h"

namespace nacre {
namespace {

bool fits(const Shape& shape, const Shape& expected) {
  if (shape.size() != expected.size()) return false;
  for (size_t d = 0; d < shape.size(); ++d)
    if (expected[d] >= 0 && shape[d] != expected[d]) return false;
  return true;
}

Result<Tensor> as_float32(const Tensor& weight, const std::string& name) {
  if (weight.dtype() == DType::float32) return weight;
  if (!is_float(weight.dtype())) return fail(ErrorCode::invalid_model, "weight ", name, " is ", describe(weight), ", expected floats");
  Tensor out = NACRE_TRY(allocate(DType::float32, weight.shape()));
  NACRE_TRY(convert(weight, out));
  return out;
}

}  // namespace

Result<Checkpoint> Checkpoint::open(const std::string& directory) {
  const MappedFile file = NACRE_TRY(map_file(directory + "/config.json"));
  Result<Json> config = parse_json(file.text());
  if (!config) config.error().within("config.json");
  Checkpoint out;
  out.config_ = NACRE_TRY(std::move(config));
  if (out.config_.has("architectures")) {
    const auto names = NACRE_TRY(NACRE_TRY(out.config_.at("architectures")).texts());
    if (!names.empty()) out.class_name_ = names.front();
  }
  out.weights_ = NACRE_TRY(load_safetensors_directory(directory));
  return out;
}

Result<Tensor> Checkpoint::weight(const std::string& name, const Shape& expected) const {
  const Tensor* found = weights_.find(name);
  if (!found) return fail(ErrorCode::invalid_model, "weight ", name, " is missing");
  if (!fits(found->shape(), expected))
    return fail(ErrorCode::invalid_model, "weight ", name, " has shape ", found->shape(), ", expected ", expected);
  return as_float32(*found, name);
}

}  // namespace nacre
