// Expected failures are values: Result<T>, and NACRE_TRY to pass them on.
#pragma once

#include <expected>
#include <utility>

#include "core/text.h"
#include "nacre/error.h"

namespace nacre {

template <class T>
using Result = std::expected<T, Error>;

/// `return fail(ErrorCode::invalid_model, "dims[", i, "] is ", d);`
template <class... Parts>
std::unexpected<Error> fail(ErrorCode code, const Parts&... parts) {
  return std::unexpected(Error(code, cat(parts...)));
}

}  // namespace nacre

/// The value of a Result, or returns its error from the enclosing function: `File f = NACRE_TRY(open(path));`
// clang-format off
#define NACRE_TRY(...)                                                       \
  __extension__({                                                            \
    auto nacre_result_ = (__VA_ARGS__);                                      \
    if (!nacre_result_) [[unlikely]] return std::unexpected(std::move(nacre_result_).error()); \
    *std::move(nacre_result_);                                               \
  })
// clang-format on
