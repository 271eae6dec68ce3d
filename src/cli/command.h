// A command of `nacre` is one file in src/cli/commands with one row; the build collects the rows.
//
//     Action configure(Arguments& arguments) {
//       auto options = std::make_shared<Options>();
//       arguments.option("MODEL", options->model, "an .onnx file").required();
//       return [options] { return show(*options); };          // the exit code
//     }
//     extern const Command command_show;
//     const Command command_show{.name = "show", .about = "Shows a model", .example = "nacre show model.onnx", .configure = configure};
//
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cli/arguments.h"
#include "core/result.h"

namespace nacre::cli {

// What the shell sees.
inline constexpr int kDone = 0, kCheckFailed = 1, kWrongUse = 2;

using Action = std::function<int()>;

/// What main() puts at the end of a bracketed word after "--"; see there.
inline constexpr char kTextMark = '\x1f';
inline std::string plain_text(std::string word) {
  if (!word.empty() && word.back() == kTextMark) word.pop_back();
  return word;
}

struct Command {
  std::string_view name, about, example;
  Action (*configure)(Arguments&);
};

/// Thrown by commands, caught in main: `nacre: SUBJECT: [node] message`, a hint, and the exit code that fits.
struct Failure {
  std::string subject;  // the model or file; may be empty
  Error error;
};

/// The value of a Result; its error becomes a Failure.
template <class T>
T check(Result<T> result, std::string_view subject = {}) {
  if (!result) throw Failure{std::string(subject), std::move(result).error()};
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// `throw wrong_use(path, "is not an .npz, .json ...")`: exit code 2.
template <class... Parts>
Failure wrong_use(std::string_view subject, const Parts&... parts) {
  return {std::string(subject), Error(ErrorCode::invalid_argument, cat(parts...))};
}

}  // namespace nacre::cli
