// Sequences, optionals and maps of onnx-data.proto, to Value and back.
#include <algorithm>
#include <cstring>

#include "core/allocate.h"
#include "io/onnx_tensor.h"

namespace nacre::onnx {
namespace {

using Owner = std::shared_ptr<const void>;

template <class Protos, class Convert>
Result<void> append(std::vector<Value>& items, const Protos& protos, const Convert& convert) {
  for (const auto& proto : protos) items.push_back(NACRE_TRY(convert(proto)));
  return {};
}

/// Copies scalars of one dtype into a vector.
Result<Tensor> stacked(const std::vector<TensorProto>& protos, const Owner& owner) {
  if (protos.empty()) return allocate(DType::float32, {0});
  std::vector<Tensor> items;
  for (const TensorProto& proto : protos) items.push_back(NACRE_TRY(to_tensor(proto, owner)));
  if (items.size() == 1 && items[0].rank() == 1) return items[0];
  Tensor out = NACRE_TRY(allocate(items[0].dtype(), {static_cast<int64_t>(items.size())}));
  if (is_packed(out.dtype())) return fail(ErrorCode::unsupported, "maps of ", out.dtype());
  for (size_t place = 0; place < items.size(); ++place) {
    const Tensor& item = items[place];
    if (item.dtype() != out.dtype() || item.size() != 1)
      return fail(ErrorCode::invalid_model, "map value ", place, " is ", describe(item), ", one ", out.dtype(), " is needed");
    if (out.dtype() == DType::string)
      out.mutable_data<std::string>()[place] = item.data<std::string>()[0];
    else
      std::memcpy(static_cast<std::byte*>(out.mutable_raw()) + place * item.byte_size(), item.raw(), item.byte_size());
  }
  return out;
}

Result<Tensor> keys_of(const MapProto& proto) {
  const bool strings = proto.key_type == static_cast<int32_t>(DType::string);
  const size_t count = strings ? proto.string_keys.size() : proto.keys.size();
  Tensor out = NACRE_TRY(allocate(strings ? DType::string : DType::int64, {static_cast<int64_t>(count)}));
  if (strings)
    std::ranges::copy(proto.string_keys, out.mutable_data<std::string>().begin());
  else
    std::ranges::copy(proto.keys, out.mutable_data<int64_t>().begin());
  return out;
}

/// A value of any kind in the place that its kind has in SequenceProto or OptionalProto.
int32_t kind_of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::tensor: return TENSOR_DATA;
    case Value::Kind::sequence: return SEQUENCE_DATA;
    case Value::Kind::map: return MAP_DATA;
    case Value::Kind::optional: return OPTIONAL_DATA;
  }
  return UNDEFINED_DATA;
}

TensorProto scalar_at(const Tensor& tensor, size_t place) {
  TensorProto out;
  out.data_type = static_cast<int32_t>(tensor.dtype());
  if (tensor.dtype() == DType::string) {
    out.string_data = {tensor.data<std::string>()[place]};
  } else if (const size_t bits = bits_of(tensor.dtype()); bits < 8) {
    const int byte = static_cast<const unsigned char*>(tensor.raw())[place * bits / 8];
    out.int32_data = {byte >> (place * bits % 8) & ((1 << bits) - 1)};
  } else {
    out.has_raw_data = true;
    out.raw_data = {static_cast<const std::byte*>(tensor.raw()) + place * (bits / 8), bits / 8};
  }
  return out;
}

}  // namespace

Result<Value> to_value(const SequenceProto& proto, Owner owner) {
  std::vector<Value> items;
  const auto convert = [&](const auto& item) { return to_value(item, owner); };
  NACRE_TRY(append(items, proto.tensor_values, [&](const TensorProto& item) { return to_tensor(item, owner); }));
  NACRE_TRY(append(items, proto.sparse_tensor_values, [](const SparseTensorProto& item) { return to_tensor(item); }));
  NACRE_TRY(append(items, proto.sequence_values, convert));
  NACRE_TRY(append(items, proto.map_values, convert));
  NACRE_TRY(append(items, proto.optional_values, convert));
  return Value::sequence(std::move(items));
}

Result<Value> to_value(const OptionalProto& proto, Owner owner) {
  if (proto.tensor_value) return Value::optional(NACRE_TRY(to_tensor(*proto.tensor_value, owner)));
  if (proto.sparse_tensor_value) return Value::optional(NACRE_TRY(to_tensor(*proto.sparse_tensor_value)));
  if (proto.sequence_value) return Value::optional(NACRE_TRY(to_value(*proto.sequence_value, owner)));
  if (proto.map_value) return Value::optional(NACRE_TRY(to_value(*proto.map_value, owner)));
  if (proto.optional_value) return Value::optional(NACRE_TRY(to_value(*proto.optional_value, owner)));
  return Value::optional();
}

Result<Value> to_value(const MapProto& proto, Owner owner) {
  Tensor keys = NACRE_TRY(keys_of(proto));
  Tensor values = NACRE_TRY(stacked(proto.values.tensor_values, owner));
  if (values.rank() != 1 || keys.size() != values.size())
    return fail(ErrorCode::invalid_model, "a map of ", keys.size(), " keys and values ", describe(values));
  return Value::map(std::move(keys), std::move(values));
}

SequenceProto sequence_from_value(const Value& sequence, std::string_view name) {
  SequenceProto out;
  out.name = name;
  for (const Value& item : sequence.items()) {
    switch (out.elem_type = kind_of(item)) {
      case TENSOR_DATA: out.tensor_values.push_back(from_tensor(item.tensor())); break;
      case SEQUENCE_DATA: out.sequence_values.push_back(sequence_from_value(item)); break;
      case MAP_DATA: out.map_values.push_back(map_from_value(item)); break;
      default: out.optional_values.push_back(optional_from_value(item)); break;
    }
  }
  return out;
}

OptionalProto optional_from_value(const Value& optional, std::string_view name) {
  OptionalProto out;
  out.name = name;
  if (optional.items().empty()) return out;
  const Value& item = optional.items().front();
  switch (out.elem_type = kind_of(item)) {
    case TENSOR_DATA: out.tensor_value = from_tensor(item.tensor()); break;
    case SEQUENCE_DATA: out.sequence_value = sequence_from_value(item); break;
    case MAP_DATA: out.map_value = map_from_value(item); break;
    default: out.optional_value = optional_from_value(item); break;
  }
  return out;
}

MapProto map_from_value(const Value& map, std::string_view name) {
  MapProto out;
  out.name = name;
  out.key_type = static_cast<int32_t>(map.keys().dtype());
  if (map.keys().dtype() == DType::string) {
    for (const std::string& key : map.keys().data<std::string>()) out.string_keys.push_back(key);
  } else {
    std::ranges::copy(map.keys().data<int64_t>(), std::back_inserter(out.keys));
  }
  out.values.elem_type = TENSOR_DATA;
  for (size_t place = 0; place < static_cast<size_t>(map.values().size()); ++place)
    out.values.tensor_values.push_back(scalar_at(map.values(), place));
  return out;
}

}  // namespace nacre::onnx
