// What a command takes, without CLI11's header, which costs every file that includes it two seconds to compile.
//
//     void configure(Arguments& arguments, Options& options) {
//       arguments.option("MODEL", options.model, "an .onnx file").required();
//       arguments.option("--top-k", options.top_k, "how many, best first").positive();
//       arguments.option("--output", options.output, "how to print").one_of({"json", "table"});
//       arguments.flag("--json", options.json, "print JSON");
//     }
//
// The variables must live until the command has run; what they hold before is the default.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace nacre::cli {

class Argument {
 public:
  explicit Argument(CLI::Option* option) : option_(option) {}
  const Argument& required() const;
  const Argument& positive() const;
  const Argument& not_negative() const;
  const Argument& between(double least, double most) const;
  const Argument& one_of(std::initializer_list<const char*> words) const;
  /// One value each time it is given.
  const Argument& repeated() const;
  /// Without a value it stands for this one.
  const Argument& or_alone(const std::string& value) const;
  const Argument& excludes(const Argument& other) const;

 private:
  CLI::Option* option_;
};

class Arguments {
 public:
  explicit Arguments(CLI::App& app) : app_(app) {}

  /// `name` is "--long", "-s,--long", or a word for what has no name.
  Argument option(const std::string& name, std::string& value, const std::string& about);
  Argument option(const std::string& name, int& value, const std::string& about);
  Argument option(const std::string& name, int64_t& value, const std::string& about);
  Argument option(const std::string& name, uint64_t& value, const std::string& about);
  Argument option(const std::string& name, float& value, const std::string& about);
  Argument option(const std::string& name, double& value, const std::string& about);
  Argument option(const std::string& name, std::vector<std::string>& values, const std::string& about);
  Argument flag(const std::string& name, bool& value, const std::string& about);

 private:
  CLI::App& app_;
};

}  // namespace nacre::cli
