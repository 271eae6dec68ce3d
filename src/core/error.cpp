#include "nacre/error.h"

namespace nacre {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::invalid_model: return "invalid_model";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::resource_exhausted: return "resource_exhausted";
    case ErrorCode::cancelled: return "cancelled";
    case ErrorCode::deadline_exceeded: return "deadline_exceeded";
    case ErrorCode::io: return "io";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::internal: return "internal";
  }
  return "unknown";
}

Error::Error(ErrorCode code, std::string message, std::string hint) : code_(code), message_(std::move(message)), hint_(std::move(hint)) {
  compose();
}

Error& Error::at(std::string_view node) {
  if (node_.empty()) node_ = node;
  compose();
  return *this;
}

Error& Error::within(std::string_view prefix) {
  message_.insert(0, std::string(prefix) + ": ");
  compose();
  return *this;
}

Error& Error::suggest(std::string_view hint) {
  if (hint_.empty()) hint_ = hint;
  compose();
  return *this;
}

void Error::compose() {
  what_.clear();
  if (!node_.empty()) what_ += '[' + node_ + "] ";
  what_ += message_;
  if (!hint_.empty()) what_ += "\n  hint: " + hint_;
}

}  // namespace nacre
