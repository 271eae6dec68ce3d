// The library's own value behind a Json, for this room's .cpp files: they know its type, whose header is heavy.
#pragma once

#include "io/json.h"

namespace nacre {

struct JsonAccess {
  static const void* node(const Json& json) { return json.node_; }
  static const std::shared_ptr<const void>& document(const Json& json) { return json.document_; }
  static Json make(std::shared_ptr<const void> document, const void* node, std::string path) {
    Json out;
    out.document_ = std::move(document);
    out.node_ = node;
    out.path_ = std::move(path);
    return out;
  }
};

}  // namespace nacre
