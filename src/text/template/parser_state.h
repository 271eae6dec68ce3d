// The parser's parts: a cursor over tokens, expressions over it, statements over those.
//
//     ExpressionParser parser(std::move(tokens));
//     ExpressionPointer sum = NACRE_TRY(parser.expression());
#pragma once

#include "text/template/lexer.h"
#include "text/template/parser.h"

namespace nacre::templates {

using Parsed = Outcome<ExpressionPointer>;

class ExpressionParser {
 public:
  explicit ExpressionParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

 protected:
  const Token& token() const { return tokens_[at_]; }
  const Token& ahead(size_t count = 1) const { return tokens_[std::min(at_ + count, tokens_.size() - 1)]; }
  void advance() { at_ += at_ + 1 < tokens_.size() ? 1 : 0; }
  bool is(Token::Kind kind) const { return token().kind == kind; }
  bool is_symbol(std::string_view text) const { return is(Token::Kind::symbol) && token().text == text; }
  bool is_name(std::string_view text) const { return is(Token::Kind::name) && token().text == text; }
  bool take_symbol(std::string_view text);
  bool take_name(std::string_view text);
  Outcome<void> expect_symbol(std::string_view text);
  Outcome<std::string> expect_name();
  std::unexpected<TemplateError> wrong(std::string message) const;
  std::unexpected<TemplateError> unexpected_token(std::string_view expected) const;

  Parsed expression(bool with_condition = true);
  /// One expression, or several with commas between as a tuple. `until`: a name that ends it.
  Parsed tuple(bool with_condition = true, std::string_view until = {}, bool in_brackets = false);
  /// Names to assign to: `x`, `x, (y, z)`, and `space.x` where allowed.
  Parsed target(std::string_view until, bool with_attribute);
  Parsed primary();
  Parsed filters(ExpressionPointer left);
  Parsed filter(ExpressionPointer left);
  Outcome<void> arguments(Expression& call);

  /// Filters and tests that do not exist are errors here, but in a condition's branches they are when they are used.
  int soft_ = 0;
  bool uses_varargs_ = false, uses_kwargs_ = false, uses_caller_ = false;

  struct Nesting {
    explicit Nesting(int& depth) : depth(depth) { ++depth; }
    ~Nesting() { --depth; }
    int& depth;
  };
  int depth_ = 0;
  Outcome<void> check_depth() const;

 private:
  Parsed condition();
  Parsed disjunction();
  Parsed conjunction();
  Parsed negation();
  Parsed comparison();
  Parsed sum();
  Parsed concatenation();
  Parsed product();
  Parsed power();
  Parsed unary(bool with_filter = true);
  Parsed postfix(ExpressionPointer left);
  Parsed subscript(ExpressionPointer left);
  Parsed subscript_part();
  Parsed test(ExpressionPointer left);
  Parsed call(ExpressionPointer left);
  Parsed named_constant();
  Parsed string();
  Parsed number();
  Parsed list();
  Parsed dict();
  Parsed chain(std::string_view word, Expression::Kind kind, Parsed (ExpressionParser::*next)());
  Parsed arithmetic(std::span<const std::string_view> operators, Parsed (ExpressionParser::*next)());
  bool tuple_ends(std::string_view until) const;
  bool test_has_argument() const;

  ExpressionPointer make(Expression::Kind kind) const;
  /// With its parts in place: sets the depth, which has a limit.
  Parsed finish(ExpressionPointer node) const;
  Parsed join(Expression::Kind kind, ExpressionPointer a, ExpressionPointer b, std::string name = {}) const;
  Outcome<std::string> dotted_name();

  std::vector<Token> tokens_;
  size_t at_ = 0;
};

}  // namespace nacre::templates
