#include "core/text.h"
#include "nacre/tensor.h"

namespace nacre {
namespace {

const std::vector<Value> kNoItems;

[[noreturn]] void wrong_kind(Value::Kind have, std::string_view wanted) {
  throw Error(ErrorCode::invalid_argument, cat("a ", to_string(have), " where a ", wanted, " is needed"));
}

void require_map(const Tensor& keys, const Tensor& values) {
  if (keys.dtype() != DType::int64 && keys.dtype() != DType::string)
    throw Error(ErrorCode::invalid_argument, cat("map keys are int64 or string, not ", keys.dtype()));
  if (keys.rank() != 1 || values.rank() != 1 || keys.size() != values.size())
    throw Error(ErrorCode::invalid_argument, cat("a map of keys ", describe(keys), " and values ", describe(values)));
}

}  // namespace

std::string_view to_string(Value::Kind kind) noexcept {
  constexpr std::string_view names[] = {"tensor", "sequence", "optional", "map"};
  return names[static_cast<size_t>(kind)];
}

Value Value::sequence(std::vector<Value> items) {
  Value out;
  out.kind_ = Kind::sequence;
  out.items_ = std::make_shared<const std::vector<Value>>(std::move(items));
  return out;
}

Value Value::optional() {
  Value out = sequence({});
  out.kind_ = Kind::optional;
  return out;
}

Value Value::optional(Value item) {
  std::vector<Value> items;
  items.push_back(std::move(item));
  Value out = sequence(std::move(items));
  out.kind_ = Kind::optional;
  return out;
}

Value Value::map(Tensor keys, Tensor values) {
  require_map(keys, values);
  Value out(std::move(values));
  out.kind_ = Kind::map;
  out.keys_ = std::make_shared<const Tensor>(std::move(keys));
  return out;
}

const Tensor& Value::tensor() const {
  if (kind_ != Kind::tensor) wrong_kind(kind_, "tensor");
  return tensor_;
}

Tensor& Value::tensor() {
  if (kind_ != Kind::tensor) wrong_kind(kind_, "tensor");
  return tensor_;
}

const std::vector<Value>& Value::items() const {
  if (kind_ != Kind::sequence && kind_ != Kind::optional) wrong_kind(kind_, "sequence");
  return items_ ? *items_ : kNoItems;
}

const Tensor& Value::keys() const {
  if (kind_ != Kind::map) wrong_kind(kind_, "map");
  return *keys_;
}

const Tensor& Value::values() const {
  if (kind_ != Kind::map) wrong_kind(kind_, "map");
  return tensor_;
}

}  // namespace nacre
