// Shared by the POSIX files of this folder: a descriptor that closes itself, and errno as an Error.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "core/result.h"

namespace nacre {

class Descriptor {
 public:
  explicit Descriptor(int value = -1) noexcept : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const noexcept { return value_; }
  int release() noexcept { return std::exchange(value_, -1); }
  explicit operator bool() const noexcept { return value_ >= 0; }

 private:
  int value_;
};

/// `what "path": No such file or directory`, with the code that fits `error` (an errno).
inline std::unexpected<Error> fail_errno(int error, std::string_view what, std::string_view path) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  const bool exhausted = error == ENOMEM || error == EMFILE || error == ENFILE || error == ENOSPC;
  const ErrorCode code = missing ? ErrorCode::not_found : exhausted ? ErrorCode::resource_exhausted : ErrorCode::io;
  return fail(code, what, " \"", path, "\": ", std::generic_category().message(error));
}

/// A call again for as long as a signal interrupts it.
template <class Call>
auto retrying(Call call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

}  // namespace nacre
