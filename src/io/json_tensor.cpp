#include "io/json_tensor.h"

#include <charconv>
#include <cmath>
#include <complex>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/allocate.h"
#include "core/convert.h"
#include "io/json_access.h"

namespace nacre {
namespace {

using Node = nlohmann::json;

/// The lengths of the first list of each depth.
Shape shape_of(const Node& root) {
  Shape out;
  for (const Node* node = &root; node->is_array(); node = &node->front()) {
    out.push_back(static_cast<int64_t>(node->size()));
    if (node->empty()) break;
  }
  return out;
}

/// Where the walk is; spelt out only for errors.
struct Place {
  const Place* outer;
  const std::string* root;
  size_t index;

  std::string text() const { return outer ? cat(outer->text(), "[", index, "]") : *root; }
};

/// Calls leaf(node, place) for every element in order, or fails where a list's length is not the shape's.
template <class Leaf>
Result<void> walk(const Node& node, std::span<const int64_t> shape, const Place& place, const Leaf& leaf) {
  if (shape.empty()) {
    if (node.is_array() || node.is_object() || node.is_null())
      return fail(ErrorCode::invalid_argument, place.text(), ": expected an element, found ", node.type_name());
    return leaf(node, place);
  }
  if (!node.is_array() || static_cast<int64_t>(node.size()) != shape[0])
    return fail(ErrorCode::invalid_argument, place.text(), ": expected a list of ", shape[0], ", found ",
                node.is_array() ? cat("one of ", node.size()) : std::string(node.type_name()));
  for (size_t i = 0; i < node.size(); ++i) NACRE_TRY(walk(node[i], shape.subspan(1), Place{&place, nullptr, i}, leaf));
  return {};
}

/// Only so much of a type that every element is one: the widest kind found.
Result<DType> common_dtype(const Node& root, const Shape& shape, const std::string& path) {
  bool all_bool = true, all_text = true, all_integer = true, all_number = true, any = false;
  NACRE_TRY(walk(root, shape, Place{nullptr, &path, 0}, [&](const Node& node, const Place&) -> Result<void> {
    any = true;
    all_bool &= node.is_boolean();
    all_text &= node.is_string();
    all_integer &= node.is_number_integer();
    all_number &= node.is_number();
    return {};
  }));
  if (!any) return DType::float32;
  if (all_bool) return DType::boolean;
  if (all_text) return DType::string;
  if (all_integer) return DType::int64;
  if (all_number) return DType::float32;
  return fail(ErrorCode::invalid_argument, path, ": elements of several kinds");
}

std::optional<double> real_of(const Node& node) {
  if (node.is_number()) return node.get<double>();
  if (!node.is_string()) return std::nullopt;
  const std::string& text = node.get_ref<const std::string&>();
  if (text == "NaN") return std::nan("");
  if (text == "Infinity") return INFINITY;
  if (text == "-Infinity") return -INFINITY;
  return std::nullopt;
}

auto misfit(const Node& node, const Place& at, DType dtype) {
  return fail(ErrorCode::invalid_argument, at.text(), ": ", node.dump(-1, ' ', true, Node::error_handler_t::replace), " is no ", dtype);
}

Result<void> put_integer(const Node& node, const Place& at, Tensor& out, int64_t place) {
  if (out.dtype() == DType::uint64 && node.is_number_unsigned()) {
    const uint64_t value = node.get<uint64_t>();
    store_from(out.dtype(), out.mutable_raw(), place, 1, &value);
    return {};
  }
  const bool too_big = node.is_number_unsigned() && node.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX);
  if (!node.is_number_integer() || too_big) return misfit(node, at, out.dtype());
  const int64_t value = node.get<int64_t>();
  int64_t stored;
  store_from(out.dtype(), out.mutable_raw(), place, 1, &value);
  load_as(out.dtype(), out.raw(), place, 1, &stored);
  return stored == value && (value >= 0 || is_signed(out.dtype())) ? Result<void>() : misfit(node, at, out.dtype());
}

Result<void> put_real(const Node& node, const Place& at, Tensor& out, int64_t place) {
  const std::optional<double> value = real_of(node);
  if (!value) return misfit(node, at, out.dtype());
  store_from(out.dtype(), out.mutable_raw(), place, 1, &*value);
  return {};
}

Result<void> put(const Node& node, const Place& at, Tensor& out, int64_t place) {
  if (is_integer(out.dtype())) return put_integer(node, at, out, place);
  if (out.dtype() == DType::string) {
    if (!node.is_string()) return misfit(node, at, out.dtype());
    out.mutable_data<std::string>()[static_cast<size_t>(place)] = node.get<std::string>();
    return {};
  }
  if (out.dtype() != DType::boolean) return put_real(node, at, out, place);
  const bool is_bit = node.is_number_integer() && (node == 0 || node == 1);
  if (!node.is_boolean() && !is_bit) return misfit(node, at, out.dtype());
  out.mutable_data<bool>()[static_cast<size_t>(place)] = node.is_boolean() ? node.get<bool>() : node == 1;
  return {};
}

/// Real and imaginary parts lie as twice as many reals.
DType part_of(DType dtype) { return dtype == DType::complex64 ? DType::float32 : dtype == DType::complex128 ? DType::float64 : dtype; }

Result<Tensor> from_parts(const Tensor& parts, DType dtype, const std::string& path) {
  Shape shape = parts.shape();
  if (shape.empty() || shape.back() != 2) return fail(ErrorCode::invalid_argument, path, ": a complex number is [re, im]");
  shape.pop_back();
  Tensor out = NACRE_TRY(allocate(dtype, std::move(shape)));
  std::copy_n(static_cast<const std::byte*>(parts.raw()), parts.byte_size(), static_cast<std::byte*>(out.mutable_raw()));
  return out;
}

}  // namespace

Result<Tensor> tensor_from_json(const Json& json, DType dtype) {
  const Node& root = *static_cast<const Node*>(JsonAccess::node(json));
  const std::string path = json.path().empty() ? "tensor" : json.path();
  const Shape shape = shape_of(root);
  if (dtype == DType::undefined) dtype = NACRE_TRY(common_dtype(root, shape, path));
  Tensor out = NACRE_TRY(allocate(part_of(dtype), shape, nullptr, Fill::zero));
  int64_t place = 0;
  NACRE_TRY(walk(root, shape, Place{nullptr, &path, 0}, [&](const Node& node, const Place& at) { return put(node, at, out, place++); }));
  return is_complex(dtype) ? from_parts(out, dtype, path) : Result<Tensor>(std::move(out));
}

namespace {

template <class T>
void append_number(std::string& out, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return out += "\"NaN\"", void();
    if (std::isinf(value)) return out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"", void();
    if (value == 0 && std::signbit(value)) return out += "-0.0", void();  // "-0" reads as an integer, which has no sign of zero
  }
  char text[32];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

template <class T>
void append_element_as(std::string& out, const Tensor& tensor, int64_t place) {
  T value;
  load_as(tensor.dtype(), tensor.raw(), place, 1, &value);
  append_number(out, value);
}

template <class T>
void append_complex(std::string& out, const Tensor& tensor, size_t place) {
  const std::complex<T> value = tensor.data<std::complex<T>>()[place];
  out += '[';
  append_number(out, value.real());
  out += ',';
  append_number(out, value.imag());
  out += ']';
}

void append_element(std::string& out, const Tensor& tensor, int64_t place) {
  const auto index = static_cast<size_t>(place);
  switch (tensor.dtype()) {
    case DType::string: out += json_quoted(tensor.data<std::string>()[index]); break;
    case DType::boolean: out += tensor.data<bool>()[index] ? "true" : "false"; break;
    case DType::float64: append_element_as<double>(out, tensor, place); break;
    case DType::uint64: append_element_as<uint64_t>(out, tensor, place); break;
    case DType::complex64: append_complex<float>(out, tensor, index); break;
    case DType::complex128: append_complex<double>(out, tensor, index); break;
    default: is_integer(tensor.dtype()) ? append_element_as<int64_t>(out, tensor, place) : append_element_as<float>(out, tensor, place);
  }
}

void append_lists(std::string& out, const Tensor& tensor, size_t axis, int64_t& place) {
  if (axis == tensor.shape().size()) return append_element(out, tensor, place++);
  out += '[';
  for (int64_t i = 0; i < tensor.shape()[axis]; ++i) {
    if (i) out += ',';
    append_lists(out, tensor, axis + 1, place);
  }
  out += ']';
}

}  // namespace

std::string tensor_to_json(const Tensor& tensor) {
  std::string out;
  int64_t place = 0;
  append_lists(out, tensor, 0, place);
  return out;
}

std::string value_to_json(const Value& value) {
  if (value.is_tensor()) return tensor_to_json(value.tensor());
  if (value.kind() == Value::Kind::map)
    return cat("{\"keys\":", tensor_to_json(value.keys()), ",\"values\":", tensor_to_json(value.values()), "}");
  if (value.kind() == Value::Kind::optional) return value.items().empty() ? "null" : value_to_json(value.items()[0]);
  std::string out = "[";
  for (const Value& item : value.items()) out += (out.size() > 1 ? "," : "") + value_to_json(item);
  return out + "]";
}

}  // namespace nacre
