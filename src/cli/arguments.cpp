#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <charconv>

namespace nacre::cli {

namespace {

/// CLI11's own message spells out the largest double.
CLI::Validator number_check(std::string expected, bool (*allowed)(double)) {
  const auto check = [expected, allowed](const std::string& word) {
    double number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool fits = error == std::errc() && end == word.data() + word.size() && allowed(number);
    return fits ? std::string() : "expected " + expected + ", not " + word;
  };
  return CLI::Validator(check, "");
}

}  // namespace

const Argument& Argument::required() const { return option_->required(), *this; }
const Argument& Argument::positive() const {
  return option_->check(number_check("a number above 0", [](double number) { return number > 0; })), *this;
}
const Argument& Argument::not_negative() const {
  return option_->check(number_check("0 or more", [](double number) { return number >= 0; })), *this;
}
const Argument& Argument::between(double least, double most) const { return option_->check(CLI::Range(least, most)), *this; }
const Argument& Argument::one_of(std::initializer_list<const char*> words) const {
  return option_->check(CLI::IsMember(std::vector<std::string>(words.begin(), words.end()))), *this;
}
const Argument& Argument::repeated() const { return option_->allow_extra_args(false), *this; }
const Argument& Argument::or_alone(const std::string& value) const { return option_->expected(0, 1)->default_str(value), *this; }
const Argument& Argument::excludes(const Argument& other) const { return option_->excludes(other.option_), *this; }

Argument Arguments::option(const std::string& name, std::string& value, const std::string& about) {
  return Argument(app_.add_option(name, value, about));
}
Argument Arguments::option(const std::string& name, int& value, const std::string& about) {
  return Argument(app_.add_option(name, value, about));
}
Argument Arguments::option(const std::string& name, int64_t& value, const std::string& about) {
  return Argument(app_.add_option(name, value, about));
}
Argument Arguments::option(const std::string& name, uint64_t& value, const std::string& about) {
  return Argument(app_.add_option(name, value, about));
}
Argument Arguments::option(const std::string& name, float& value, const std::string& about) {
  return Argument(app_.add_option(name, value, about));
}
Argument Arguments::option(const std::string& name, double& value, const std::string& about) {
  return Argument(app_.add_option(name, value, about));
}
Argument Arguments::option(const std::string& name, std::vector<std::string>& values, const std::string& about) {
  return Argument(app_.add_option(name, values, about));
}
Argument Arguments::flag(const std::string& name, bool& value, const std::string& about) {
  return Argument(app_.add_flag(name, value, about));
}

}  // namespace nacre::cli
