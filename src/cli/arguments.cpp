#include "cli/arguments.h"

#include <CLI/CLI.hpp>

namespace nacre::cli {

const Argument& Argument::required() const { return option_->required(), *this; }
const Argument& Argument::positive() const { return option_->check(CLI::PositiveNumber), *this; }
const Argument& Argument::not_negative() const { return option_->check(CLI::NonNegativeNumber), *this; }
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
