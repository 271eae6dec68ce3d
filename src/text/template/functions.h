// The tables of what templates can call: filters, tests, methods of values and global functions, each by its name in jinja2.
//
//     const FunctionRow* row = find_filter("upper");
//     Value shouted = NACRE_TRY(row->call(engine, Value("a"), {}));
#pragma once

#include "text/template/objects.h"

namespace nacre::templates {

const FunctionRow* find_filter(std::string_view name);
const FunctionRow* find_test(std::string_view name);
const FunctionRow* find_global(std::string_view name);
/// Of a value's type; null when Python's type has no such method, or it is not here.
const FunctionRow* find_method(const Value& value, std::string_view name);
/// Methods that a sandbox hides because they change their object.
bool is_unsafe_method(const Value& value, std::string_view name);

// The rows, one table a file.
std::span<const FunctionRow> text_filters();
std::span<const FunctionRow> sequence_filters();
std::span<const FunctionRow> number_filters();
std::span<const FunctionRow> text_methods();

/// int(text, base) with Python's prefixes for base 0; undefined when the text is no number.
Value parse_integer(std::string_view text, int base);
Outcome<double> parse_real(std::string_view text);

/// "%s-%d" % values.
Outcome<std::string> format_percent(Engine& engine, std::string_view format, const Value& values);
/// "{}-{x}".format(1, x=2).
Outcome<std::string> format_braces(Engine& engine, std::string_view format, const Arguments& arguments);

// Of well-formed text, as Python's str has them.
std::string upper_case(std::string_view text);
std::string lower_case(std::string_view text);
std::string title_case(std::string_view text);
std::string capitalised(std::string_view text);
std::vector<std::string> characters(std::string_view text);
/// `most` splits, -1 for all; an empty separator means runs of white space.
std::vector<std::string> split_text(std::string_view text, std::string_view separator, int64_t most);
/// Of the characters given, empty for white space; `sides` 1 left, 2 right, 3 both.
std::string stripped(std::string_view text, std::string_view characters, int sides);
std::string replaced(std::string_view text, std::string_view from, std::string_view to, int64_t most);
std::string html_escaped(std::string_view text);

/// The value's argument as the type that is asked for; fails (other) naming it.
Outcome<Integer> integer_argument(const Arguments& arguments, size_t place, std::string_view name, Integer fallback);
std::string text_argument(const Arguments& arguments, size_t place, std::string_view name, std::string_view fallback);
bool flag_argument(const Arguments& arguments, size_t place, std::string_view name, bool fallback);

}  // namespace nacre::templates
