// A node's attributes. Graph-valued ones are the node's bodies instead.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "graph/fact.h"

namespace nacre {

using AttributeValue = std::variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>, std::vector<std::string>, Tensor,
                                    std::vector<Tensor>, Fact>;

struct Attribute {
  std::string name;
  AttributeValue value;
};

class Attributes {
 public:
  Attributes() = default;
  Attributes(std::initializer_list<Attribute> list) : list_(list) {}

  bool has(std::string_view name) const noexcept { return find(name) != nullptr; }
  const AttributeValue* find(std::string_view name) const noexcept;
  void set(std::string_view name, AttributeValue value);
  void erase(std::string_view name);
  const std::vector<Attribute>& list() const noexcept { return list_; }

  /// The attribute, or `otherwise` when it is absent or of another type (the importer has checked types against use).
  int64_t integer(std::string_view name, int64_t otherwise) const;
  float real(std::string_view name, float otherwise) const;
  std::string string(std::string_view name, std::string_view otherwise) const;
  std::vector<int64_t> integers(std::string_view name, std::vector<int64_t> otherwise = {}) const;
  std::vector<float> reals(std::string_view name, std::vector<float> otherwise = {}) const;
  std::vector<std::string> strings(std::string_view name) const;
  const Tensor* tensor(std::string_view name) const;

 private:
  std::vector<Attribute> list_;
};

}  // namespace nacre
