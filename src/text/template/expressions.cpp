// Expressions, in jinja2's order of precedence.
#include <algorithm>
#include <charconv>

#include "text/template/functions.h"
#include "text/template/parser_state.h"

namespace nacre::templates {
namespace {

using Kind = Expression::Kind;
using Error = TemplateError::Kind;

Outcome<void> check_names(const Expression& node);

Outcome<void> check_all(std::span<const ExpressionPointer> parts) {
  for (const ExpressionPointer& part : parts)
    if (part) NACRE_TRY(check_names(*part));
  return {};
}

/// Filters and tests that do not exist, outside of conditionals: there it is known only when they are used.
Outcome<void> check_names(const Expression& node) {
  if (node.kind == Kind::conditional) return {};
  const bool filter = node.kind == Kind::filter, test = node.kind == Kind::test;
  if ((filter && !find_filter(node.name)) || (test && !find_test(node.name)))
    return std::unexpected(TemplateError{Error::syntax, cat("No ", filter ? "filter" : "test", " named '", node.name, "'."), node.line});
  NACRE_TRY(check_all(node.parts));
  NACRE_TRY(check_all(node.arguments));
  for (const auto& [name, part] : node.named) NACRE_TRY(check_names(*part));
  return {};
}

}  // namespace

bool ExpressionParser::take_symbol(std::string_view text) { return is_symbol(text) ? advance(), true : false; }
bool ExpressionParser::take_name(std::string_view text) { return is_name(text) ? advance(), true : false; }

std::unexpected<TemplateError> ExpressionParser::wrong(std::string message) const {
  return std::unexpected(TemplateError{Error::syntax, std::move(message), token().line});
}

std::unexpected<TemplateError> ExpressionParser::unexpected_token(std::string_view expected) const {
  const std::string found = is(Token::Kind::end) ? "unexpected end of template" : "unexpected " + describe(token());
  return wrong(expected.empty() ? found : cat(found, ", expected ", expected));
}

Outcome<void> ExpressionParser::expect_symbol(std::string_view text) {
  if (take_symbol(text)) return {};
  return unexpected_token(cat("'", text, "'"));
}

Outcome<std::string> ExpressionParser::expect_name() {
  if (!is(Token::Kind::name)) return unexpected_token("name");
  std::string out = token().text;
  return advance(), out;
}

Outcome<void> ExpressionParser::check_depth() const {
  if (depth_ > kMostParseDepth) return wrong(cat("nested deeper than ", kMostParseDepth));
  return {};
}

ExpressionPointer ExpressionParser::make(Kind kind) const {
  auto out = std::make_unique<Expression>();
  out->kind = kind, out->line = token().line;
  return out;
}

Parsed ExpressionParser::finish(ExpressionPointer node) const {
  int deepest = 0;
  const auto look = [&](const ExpressionPointer& part) { deepest = std::max(deepest, part ? part->depth : 0); };
  for (const ExpressionPointer& part : node->parts) look(part);
  for (const ExpressionPointer& part : node->arguments) look(part);
  for (const auto& [name, part] : node->named) look(part);
  look(node->rest), look(node->named_rest);
  node->depth = deepest + 1;
  if (node->depth > kMostExpressionDepth) return wrong(cat("an expression nests deeper than ", kMostExpressionDepth));
  return node;
}

Parsed ExpressionParser::join(Kind kind, ExpressionPointer a, ExpressionPointer b, std::string name) const {
  ExpressionPointer out = make(kind);
  out->name = std::move(name);
  out->parts.push_back(std::move(a)), out->parts.push_back(std::move(b));
  return finish(std::move(out));
}

Parsed ExpressionParser::expression(bool with_condition) {
  const Nesting nesting(depth_);
  NACRE_TRY(check_depth());
  return with_condition ? condition() : disjunction();
}

Parsed ExpressionParser::condition() {
  ++soft_;
  Parsed left = disjunction();
  while (left && take_name("if")) {
    ExpressionPointer out = make(Kind::conditional);
    out->parts.resize(3);
    out->parts[1] = std::move(*left);
    out->parts[0] = NACRE_TRY(disjunction());
    if (take_name("else")) {
      const Nesting nesting(depth_);
      NACRE_TRY(check_depth());
      out->parts[2] = NACRE_TRY(condition());
    }
    left = finish(std::move(out));
  }
  --soft_;
  if (left && soft_ == 0) NACRE_TRY(check_names(**left));
  return left;
}

Parsed ExpressionParser::chain(std::string_view word, Kind kind, Parsed (ExpressionParser::*next)()) {
  ExpressionPointer left = NACRE_TRY((this->*next)());
  while (take_name(word)) {
    ExpressionPointer right = NACRE_TRY((this->*next)());
    left = NACRE_TRY(join(kind, std::move(left), std::move(right)));
  }
  return left;
}

Parsed ExpressionParser::disjunction() { return chain("or", Kind::disjunction, &ExpressionParser::conjunction); }
Parsed ExpressionParser::conjunction() { return chain("and", Kind::conjunction, &ExpressionParser::negation); }

Parsed ExpressionParser::negation() {
  if (!is_name("not")) return comparison();
  const Nesting nesting(depth_);
  NACRE_TRY(check_depth());
  ExpressionPointer out = make(Kind::negation);
  advance();
  out->parts.push_back(NACRE_TRY(negation()));
  return finish(std::move(out));
}

Parsed ExpressionParser::comparison() {
  constexpr std::string_view symbols[] = {"==", "!=", "<", "<=", ">", ">="};
  ExpressionPointer out = make(Kind::comparison);
  out->parts.push_back(NACRE_TRY(sum()));
  for (;;) {
    const bool symbol = is(Token::Kind::symbol) && std::find(std::begin(symbols), std::end(symbols), token().text) != std::end(symbols);
    if (symbol || is_name("in")) {
      out->operators.push_back(token().text);
      advance();
    } else if (is_name("not") && ahead().kind == Token::Kind::name && ahead().text == "in") {
      out->operators.emplace_back("not in");
      advance(), advance();
    } else {
      break;
    }
    out->parts.push_back(NACRE_TRY(sum()));
  }
  if (out->parts.size() == 1) return std::move(out->parts[0]);
  return finish(std::move(out));
}

Parsed ExpressionParser::arithmetic(std::span<const std::string_view> operators, Parsed (ExpressionParser::*next)()) {
  ExpressionPointer left = NACRE_TRY((this->*next)());
  while (is(Token::Kind::symbol) && std::find(operators.begin(), operators.end(), token().text) != operators.end()) {
    std::string name = token().text;
    advance();
    ExpressionPointer right = NACRE_TRY((this->*next)());
    left = NACRE_TRY(join(Kind::arithmetic, std::move(left), std::move(right), std::move(name)));
  }
  return left;
}

Parsed ExpressionParser::sum() {
  constexpr std::string_view operators[] = {"+", "-"};
  return arithmetic(operators, &ExpressionParser::concatenation);
}

Parsed ExpressionParser::concatenation() {
  ExpressionPointer out = make(Kind::concatenation);
  out->parts.push_back(NACRE_TRY(product()));
  while (take_symbol("~")) out->parts.push_back(NACRE_TRY(product()));
  if (out->parts.size() == 1) return std::move(out->parts[0]);
  return finish(std::move(out));
}

Parsed ExpressionParser::product() {
  constexpr std::string_view operators[] = {"*", "/", "//", "%"};
  return arithmetic(operators, &ExpressionParser::power);
}

Parsed ExpressionParser::power() {
  ExpressionPointer left = NACRE_TRY(unary());
  while (take_symbol("**")) {
    ExpressionPointer right = NACRE_TRY(unary());
    left = NACRE_TRY(join(Kind::arithmetic, std::move(left), std::move(right), "**"));
  }
  return left;
}

Parsed ExpressionParser::unary(bool with_filter) {
  const Nesting nesting(depth_);
  NACRE_TRY(check_depth());
  ExpressionPointer out;
  if (is_symbol("-") || is_symbol("+")) {
    out = make(is_symbol("-") ? Kind::minus : Kind::plus);
    advance();
    out->parts.push_back(NACRE_TRY(unary(false)));
    out = NACRE_TRY(finish(std::move(out)));
  } else {
    out = NACRE_TRY(primary());
  }
  out = NACRE_TRY(postfix(std::move(out)));
  return with_filter ? filters(std::move(out)) : std::move(out);
}

Parsed ExpressionParser::primary() {
  switch (token().kind) {
    case Token::Kind::name: return named_constant();
    case Token::Kind::string: return string();
    case Token::Kind::integer:
    case Token::Kind::real: return number();
    default: break;
  }
  if (take_symbol("(")) {
    ExpressionPointer out = NACRE_TRY(tuple(true, {}, true));
    NACRE_TRY(expect_symbol(")"));
    return out;
  }
  if (is_symbol("[")) return list();
  if (is_symbol("{")) return dict();
  return unexpected_token("");
}

Parsed ExpressionParser::named_constant() {
  struct Constant {
    std::string_view name;
    Value value;
  };
  static const Constant constants[] = {{"true", Value(true)},   {"True", Value(true)},   {"false", Value(false)},
                                       {"False", Value(false)}, {"none", Value::none()}, {"None", Value::none()}};
  ExpressionPointer out = make(Kind::name);
  out->name = token().text;
  advance();
  for (const Constant& each : constants)
    if (each.name == out->name) out->kind = Kind::constant, out->value = each.value;
  uses_varargs_ |= out->name == "varargs", uses_kwargs_ |= out->name == "kwargs", uses_caller_ |= out->name == "caller";
  return out;
}

Parsed ExpressionParser::string() {
  ExpressionPointer out = make(Kind::constant);
  std::string text;
  for (; is(Token::Kind::string); advance()) text += token().text;
  out->value = Value(std::move(text));
  return out;
}

Parsed ExpressionParser::number() {
  ExpressionPointer out = make(Kind::constant);
  const std::string text = token().text;
  if (is(Token::Kind::real)) {
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    out->value = Value(value);
  } else {
    const Value value = parse_integer(text, 0);
    if (value.is_undefined()) return wrong(cat("the number ", text, " is not one, or too large"));
    out->value = value;
  }
  return advance(), std::move(out);
}

Parsed ExpressionParser::list() {
  ExpressionPointer out = make(Kind::list);
  advance();
  while (!is_symbol("]")) {
    if (!out->parts.empty()) NACRE_TRY(expect_symbol(","));
    if (is_symbol("]")) break;
    out->parts.push_back(NACRE_TRY(expression()));
  }
  advance();
  return finish(std::move(out));
}

Parsed ExpressionParser::dict() {
  ExpressionPointer out = make(Kind::dict);
  advance();
  while (!is_symbol("}")) {
    if (!out->parts.empty()) NACRE_TRY(expect_symbol(","));
    if (is_symbol("}")) break;
    out->parts.push_back(NACRE_TRY(expression()));
    NACRE_TRY(expect_symbol(":"));
    out->parts.push_back(NACRE_TRY(expression()));
  }
  advance();
  return finish(std::move(out));
}

bool ExpressionParser::tuple_ends(std::string_view until) const {
  if (is(Token::Kind::print_end) || is(Token::Kind::block_end) || is_symbol(")")) return true;
  return !until.empty() && is_name(until);
}

Parsed ExpressionParser::tuple(bool with_condition, std::string_view until, bool in_brackets) {
  ExpressionPointer out = make(Kind::tuple);
  bool commas = false;
  for (;;) {
    if (!out->parts.empty() && !take_symbol(",")) break;
    commas |= !out->parts.empty();
    if (tuple_ends(until)) break;
    out->parts.push_back(NACRE_TRY(expression(with_condition)));
  }
  if (!commas && !out->parts.empty()) return std::move(out->parts[0]);
  if (out->parts.empty() && !in_brackets) return unexpected_token("an expression");
  return finish(std::move(out));
}

Parsed ExpressionParser::target(std::string_view until, bool with_attribute) {
  const Nesting nesting(depth_);
  NACRE_TRY(check_depth());
  ExpressionPointer out = make(Kind::tuple);
  bool commas = false;
  for (;;) {
    if (!out->parts.empty() && !take_symbol(",")) break;
    commas |= !out->parts.empty();
    if (tuple_ends(until) || is_symbol("=")) break;
    if (take_symbol("(")) {
      out->parts.push_back(NACRE_TRY(target({}, with_attribute)));
      NACRE_TRY(expect_symbol(")"));
      continue;
    }
    ExpressionPointer one = make(Kind::name);
    one->name = NACRE_TRY(expect_name());
    if (with_attribute && take_symbol(".")) {
      ExpressionPointer space = std::move(one);
      one = make(Kind::attribute);
      one->name = NACRE_TRY(expect_name());
      one->parts.push_back(std::move(space));
    }
    out->parts.push_back(std::move(one));
  }
  if (out->parts.empty()) return unexpected_token("name");
  if (!commas) return std::move(out->parts[0]);
  return finish(std::move(out));
}

Parsed ExpressionParser::postfix(ExpressionPointer left) {
  for (;;) {
    if (is_symbol(".") || is_symbol("["))
      left = NACRE_TRY(subscript(std::move(left)));
    else if (is_symbol("("))
      left = NACRE_TRY(call(std::move(left)));
    else
      return left;
  }
}

Parsed ExpressionParser::filters(ExpressionPointer left) {
  for (;;) {
    if (take_symbol("|"))
      left = NACRE_TRY(filter(std::move(left)));
    else if (take_name("is"))
      left = NACRE_TRY(test(std::move(left)));
    else if (is_symbol("("))
      left = NACRE_TRY(call(std::move(left)));
    else
      return left;
  }
}

Parsed ExpressionParser::subscript_part() {
  ExpressionPointer out = make(Kind::slice);
  out->parts.resize(3);
  const auto ends = [&] { return is_symbol("]") || is_symbol(",") || is_symbol(":"); };
  if (!ends()) {
    ExpressionPointer first = NACRE_TRY(expression());
    if (!is_symbol(":")) return first;
    out->parts[0] = std::move(first);
  }
  NACRE_TRY(expect_symbol(":"));
  if (!ends()) out->parts[1] = NACRE_TRY(expression());
  if (take_symbol(":") && !ends()) out->parts[2] = NACRE_TRY(expression());
  return finish(std::move(out));
}

Parsed ExpressionParser::subscript(ExpressionPointer left) {
  if (take_symbol(".")) {
    ExpressionPointer out = make(Kind::attribute);
    if (is(Token::Kind::integer)) return join(Kind::item, std::move(left), NACRE_TRY(number()));
    out->name = NACRE_TRY(expect_name());
    out->parts.push_back(std::move(left));
    return finish(std::move(out));
  }
  advance();
  std::vector<ExpressionPointer> parts;
  do parts.push_back(NACRE_TRY(subscript_part()));
  while (take_symbol(","));
  NACRE_TRY(expect_symbol("]"));
  if (parts.size() == 1) return join(Kind::item, std::move(left), std::move(parts[0]));
  ExpressionPointer several = make(Kind::tuple);
  several->parts = std::move(parts);
  return join(Kind::item, std::move(left), NACRE_TRY(finish(std::move(several))));
}

Outcome<void> ExpressionParser::arguments(Expression& call) {
  NACRE_TRY(expect_symbol("("));
  for (bool first = true; !is_symbol(")"); first = false) {
    if (!first) NACRE_TRY(expect_symbol(","));
    if (is_symbol(")")) break;
    if (take_symbol("**")) {
      call.named_rest = NACRE_TRY(expression());
    } else if (take_symbol("*")) {
      call.rest = NACRE_TRY(expression());
    } else if (is(Token::Kind::name) && ahead().kind == Token::Kind::symbol && ahead().text == "=") {
      std::string name = token().text;
      advance(), advance();
      call.named.emplace_back(std::move(name), NACRE_TRY(expression()));
    } else {
      if (!call.named.empty() || call.rest || call.named_rest) return wrong("invalid syntax for function call expression");
      call.arguments.push_back(NACRE_TRY(expression()));
    }
  }
  return expect_symbol(")");
}

Parsed ExpressionParser::call(ExpressionPointer left) {
  ExpressionPointer out = make(Kind::call);
  out->parts.push_back(std::move(left));
  NACRE_TRY(arguments(*out));
  return finish(std::move(out));
}

Outcome<std::string> ExpressionParser::dotted_name() {
  std::string out = NACRE_TRY(expect_name());
  while (take_symbol(".")) out += "." + NACRE_TRY(expect_name());
  return out;
}

Parsed ExpressionParser::filter(ExpressionPointer left) {
  ExpressionPointer out = make(Kind::filter);
  out->name = NACRE_TRY(dotted_name());
  out->parts.push_back(std::move(left));
  if (is_symbol("(")) NACRE_TRY(arguments(*out));
  if (soft_ == 0) NACRE_TRY(check_names(*out));
  return finish(std::move(out));
}

bool ExpressionParser::test_has_argument() const {
  if (is_name("else") || is_name("or") || is_name("and") || is_name("if")) return false;
  const Token::Kind kind = token().kind;
  if (kind == Token::Kind::symbol) return token().text == "[" || token().text == "{";
  return kind == Token::Kind::name || kind == Token::Kind::string || kind == Token::Kind::integer || kind == Token::Kind::real;
}

Parsed ExpressionParser::test(ExpressionPointer left) {
  const bool negated = take_name("not");
  ExpressionPointer out = make(Kind::test);
  out->name = NACRE_TRY(dotted_name());
  out->parts.push_back(std::move(left));
  if (is_symbol("(")) {
    NACRE_TRY(arguments(*out));
  } else if (test_has_argument()) {
    if (is_name("is")) return wrong("You cannot chain multiple tests with is");
    out->arguments.push_back(NACRE_TRY(postfix(NACRE_TRY(primary()))));
  }
  if (soft_ == 0) NACRE_TRY(check_names(*out));
  out = NACRE_TRY(finish(std::move(out)));
  if (!negated) return out;
  ExpressionPointer inverse = make(Kind::negation);
  inverse->parts.push_back(std::move(out));
  return finish(std::move(inverse));
}

}  // namespace nacre::templates
