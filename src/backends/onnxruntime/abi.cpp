#include "backends/onnxruntime/abi.h"

namespace nacre::onnxruntime {
namespace {

// OrtErrorCode, in its order.
ErrorCode code_of(int code) {
  switch (code) {
    case 2: return ErrorCode::invalid_argument;
    case 3: return ErrorCode::not_found;
    case 4:
    case 7:
    case 10: return ErrorCode::invalid_model;
    case 9: return ErrorCode::unsupported;
    case 11: return ErrorCode::unavailable;  // an execution provider failed
    default: return ErrorCode::internal;
  }
}

}  // namespace

Result<void> Api::require(int since) const {
  if (since <= version_) return {};
  return fail(ErrorCode::unavailable, "that needs ONNX Runtime 1.", since, " or newer, this one is 1.", version_);
}

Result<void> Api::take(Status* status) const {
  if (!status) return {};
  const char* text = get(kGetErrorMessage, status);
  Error error(code_of(get(kGetErrorCode, status)), cat("ONNX Runtime: ", text ? text : "no reason given"));
  get(kReleaseStatus, status);
  return std::unexpected(std::move(error));
}

}  // namespace nacre::onnxruntime
