// The library's own value behind a Json, for this room's .cpp files only: the header behind it is heavy.
#pragma once

#include <nlohmann/json.hpp>

#include "io/json.h"

namespace nacre {

struct JsonAccess {
  using Node = nlohmann::json;
  static const Node& node(const Json& json) { return *static_cast<const Node*>(json.node_); }
  static Json make(std::shared_ptr<const void> document, const Node& node, std::string path) {
    Json out;
    out.document_ = std::move(document);
    out.node_ = &node;
    out.path_ = std::move(path);
    return out;
  }
  static const std::shared_ptr<const void>& document(const Json& json) { return json.document_; }
};

}  // namespace nacre
