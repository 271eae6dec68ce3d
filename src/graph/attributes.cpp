#include "graph/attributes.h"

#include <algorithm>

namespace nacre {
namespace {

template <class T>
T value_or(const Attributes& attributes, std::string_view name, T otherwise) {
  const AttributeValue* found = attributes.find(name);
  const T* value = found ? std::get_if<T>(found) : nullptr;
  return value ? *value : std::move(otherwise);
}

}  // namespace

const AttributeValue* Attributes::find(std::string_view name) const noexcept {
  for (const Attribute& attribute : list_)
    if (attribute.name == name) return &attribute.value;
  return nullptr;
}

void Attributes::set(std::string_view name, AttributeValue value) {
  for (Attribute& attribute : list_)
    if (attribute.name == name) return void(attribute.value = std::move(value));
  list_.push_back({std::string(name), std::move(value)});
}

void Attributes::erase(std::string_view name) {
  std::erase_if(list_, [&](const Attribute& attribute) { return attribute.name == name; });
}

int64_t Attributes::integer(std::string_view name, int64_t otherwise) const { return value_or(*this, name, otherwise); }
float Attributes::real(std::string_view name, float otherwise) const { return value_or(*this, name, otherwise); }
std::string Attributes::string(std::string_view name, std::string_view otherwise) const {
  return value_or(*this, name, std::string(otherwise));
}
std::vector<int64_t> Attributes::integers(std::string_view name, std::vector<int64_t> otherwise) const {
  return value_or(*this, name, std::move(otherwise));
}
std::vector<float> Attributes::reals(std::string_view name, std::vector<float> otherwise) const {
  return value_or(*this, name, std::move(otherwise));
}
std::vector<std::string> Attributes::strings(std::string_view name) const { return value_or(*this, name, std::vector<std::string>{}); }
const Tensor* Attributes::tensor(std::string_view name) const {
  const AttributeValue* found = find(name);
  return found ? std::get_if<Tensor>(found) : nullptr;
}

}  // namespace nacre
