// Statements.
#include "text/template/parser.h"

#include "text/template/parser_state.h"

namespace nacre::templates {
namespace {

using Kind = Statement::Kind;
using Statements = std::vector<Statement>;

class Parser : public ExpressionParser {
 public:
  using ExpressionParser::ExpressionParser;

  Outcome<Statements> run() {
    Statements out;
    NACRE_TRY(body(out, {}));
    return out;
  }

 private:
  using Words = std::initializer_list<std::string_view>;

  static bool among(Words words, std::string_view word) {
    for (const std::string_view each : words)
      if (each == word) return true;
    return false;
  }

  Statement make(Kind kind) const {
    Statement out;
    out.kind = kind, out.line = token().line;
    return out;
  }

  static std::string listed(Words words) {
    std::string out;
    for (const std::string_view word : words) out += cat(out.empty() ? "'" : " or '", word, "'");
    return out;
  }

  /// Statements up to a tag that starts with one of `ends`, which is left to be read; none: up to the end.
  Outcome<void> body(Statements& out, Words ends) {
    const Nesting nesting(depth_);
    NACRE_TRY(check_depth());
    while (!is(Token::Kind::end)) {
      if (is(Token::Kind::text)) {
        out.push_back(make(Kind::text));
        out.back().text = token().text;
        advance();
      } else if (is(Token::Kind::print_begin)) {
        advance();
        Statement print = make(Kind::print);
        print.expression = NACRE_TRY(tuple());
        if (!is(Token::Kind::print_end)) return unexpected_token("'end of print statement'");
        advance(), out.push_back(std::move(print));
      } else {
        advance();
        if (is(Token::Kind::name) && among(ends, token().text)) return {};
        NACRE_TRY(statement(out));
      }
    }
    if (ends.size() == 0) return {};
    return wrong(cat("Unexpected end of template. Jinja was looking for the following tags: ", listed(ends), "."));
  }

  Outcome<void> close_tag() {
    if (!is(Token::Kind::block_end)) return unexpected_token("'end of statement block'");
    return advance(), Outcome<void>();
  }

  /// The tag's end, the statements in it, and its end tag.
  Outcome<void> block(Statements& out, std::string_view end) {
    NACRE_TRY(close_tag());
    NACRE_TRY(body(out, {end}));
    advance();
    return close_tag();
  }

  Outcome<void> statement(Statements& out) {
    struct Row {
      std::string_view name;
      Outcome<Statement> (Parser::*parse)();
    };
    constexpr Row rows[] = {{"if", &Parser::condition},          {"for", &Parser::loop},
                            {"set", &Parser::assignment},        {"macro", &Parser::macro},
                            {"call", &Parser::call_block},       {"filter", &Parser::filter_block},
                            {"with", &Parser::with_block},       {"generation", &Parser::generation},
                            {"block", &Parser::named_block},     {"print", &Parser::print},
                            {"autoescape", &Parser::autoescape}, {"break", &Parser::leave},
                            {"continue", &Parser::skip}};
    if (!is(Token::Kind::name)) return unexpected_token("a tag's name");
    const std::string name = token().text;
    for (const Row& row : rows) {
      if (row.name != name) continue;
      advance();
      out.push_back(NACRE_TRY((this->*row.parse)()));
      return {};
    }
    if (among({"include", "import", "from", "extends"}, name)) return wrong(cat("'", name, "': a chat template has no other files"));
    return wrong(cat("Encountered unknown tag '", name, "'."));
  }

  Outcome<Statement> condition() {
    Statement out = make(Kind::condition);
    for (;;) {
      ++soft_;
      Statement::Branch branch;
      branch.test = NACRE_TRY(tuple(false));
      NACRE_TRY(close_tag());
      NACRE_TRY(body(branch.children, {"elif", "else", "endif"}));
      --soft_;
      out.branches.push_back(std::move(branch));
      if (!take_name("elif")) break;
    }
    if (take_name("else")) {
      ++soft_;
      NACRE_TRY(close_tag());
      NACRE_TRY(body(out.otherwise, {"endif"}));
      --soft_;
    }
    advance();
    NACRE_TRY(close_tag());
    return out;
  }

  /// A block of its own scope: jinja2 knows there again what does not exist.
  struct Firm {
    explicit Firm(int& soft) : soft(soft), before(soft) { soft = 0; }
    ~Firm() { soft = before; }
    int& soft;
    int before;
  };

  Outcome<Statement> loop() {
    const Firm firm(soft_);
    Statement out = make(Kind::loop);
    out.target = NACRE_TRY(target("in", false));
    if (!take_name("in")) return unexpected_token("'in'");
    out.expression = NACRE_TRY(tuple(false, "recursive"));
    if (take_name("if")) out.test = NACRE_TRY(expression());
    out.recursive = take_name("recursive");
    NACRE_TRY(close_tag());
    ++loops_;
    NACRE_TRY(body(out.children, {"endfor", "else"}));
    --loops_;
    if (take_name("else")) {
      NACRE_TRY(close_tag());
      NACRE_TRY(body(out.otherwise, {"endfor"}));
    }
    advance();
    NACRE_TRY(close_tag());
    return out;
  }

  Outcome<Statement> assignment() {
    Statement out = make(Kind::assign);
    out.target = NACRE_TRY(target({}, true));
    if (take_symbol("=")) {
      out.expression = NACRE_TRY(tuple());
      NACRE_TRY(close_tag());
      return out;
    }
    out.kind = Kind::assign_block;
    while (take_symbol("|")) out.expression = NACRE_TRY(filter(std::move(out.expression)));
    NACRE_TRY(block(out.children, "endset"));
    return out;
  }

  Outcome<void> parameters(Statement& out) {
    NACRE_TRY(expect_symbol("("));
    while (!is_symbol(")")) {
      if (!out.parameters.empty()) NACRE_TRY(expect_symbol(","));
      Statement::Parameter parameter;
      parameter.target = std::make_unique<Expression>();
      parameter.target->kind = Expression::Kind::name;
      parameter.target->name = NACRE_TRY(expect_name());
      if (take_symbol("="))
        parameter.value = NACRE_TRY(expression());
      else if (!out.parameters.empty() && out.parameters.back().value)
        return wrong("non-default argument follows default argument");
      out.parameters.push_back(std::move(parameter));
    }
    return expect_symbol(")");
  }

  /// Notes which of varargs, kwargs and caller the body reads: only those a call may pass.
  Outcome<void> callable_body(Statement& out, std::string_view end) {
    const Firm firm(soft_);
    const bool varargs = std::exchange(uses_varargs_, false), kwargs = std::exchange(uses_kwargs_, false),
               caller = std::exchange(uses_caller_, false);
    const int loops = std::exchange(loops_, 0);
    NACRE_TRY(block(out.children, end));
    loops_ = loops;
    out.uses_varargs = uses_varargs_, out.uses_kwargs = uses_kwargs_, out.uses_caller = uses_caller_;
    uses_varargs_ |= varargs, uses_kwargs_ |= kwargs, uses_caller_ |= caller;
    return {};
  }

  Outcome<Statement> macro() {
    Statement out = make(Kind::macro);
    out.name = NACRE_TRY(expect_name());
    NACRE_TRY(parameters(out));
    NACRE_TRY(callable_body(out, "endmacro"));
    return out;
  }

  Outcome<Statement> call_block() {
    Statement out = make(Kind::call_block);
    out.name = "caller";
    if (is_symbol("(")) NACRE_TRY(parameters(out));
    out.expression = NACRE_TRY(expression());
    if (out.expression->kind != Expression::Kind::call) return wrong("expected call");
    NACRE_TRY(callable_body(out, "endcall"));
    return out;
  }

  Outcome<Statement> filter_block() {
    const Firm firm(soft_);
    Statement out = make(Kind::filter_block);
    do out.expression = NACRE_TRY(filter(std::move(out.expression)));
    while (take_symbol("|"));
    NACRE_TRY(block(out.children, "endfilter"));
    return out;
  }

  Outcome<Statement> with_block() {
    const Firm firm(soft_);
    Statement out = make(Kind::with_block);
    while (!is(Token::Kind::block_end)) {
      if (!out.parameters.empty()) NACRE_TRY(expect_symbol(","));
      Statement::Parameter parameter;
      parameter.target = NACRE_TRY(target({}, false));
      NACRE_TRY(expect_symbol("="));
      parameter.value = NACRE_TRY(expression());
      out.parameters.push_back(std::move(parameter));
    }
    NACRE_TRY(block(out.children, "endwith"));
    return out;
  }

  Outcome<Statement> generation() {
    Statement out = make(Kind::generation);
    NACRE_TRY(block(out.children, "endgeneration"));
    return out;
  }

  Outcome<Statement> named_block() {
    Statement out = make(Kind::scope);
    out.name = NACRE_TRY(expect_name());
    NACRE_TRY(close_tag());
    NACRE_TRY(body(out.children, {"endblock"}));
    advance();
    if (is(Token::Kind::name)) advance();
    NACRE_TRY(close_tag());
    return out;
  }

  /// Off is how it is; on would escape what a prompt must have as it is.
  Outcome<Statement> autoescape() {
    Statement out = make(Kind::scope);
    if (!take_name("false")) return wrong("autoescape: only false is known in a chat template");
    NACRE_TRY(block(out.children, "endautoescape"));
    return out;
  }

  Outcome<Statement> print() {
    Statement out = make(Kind::print);
    out.expression = NACRE_TRY(tuple());
    NACRE_TRY(close_tag());
    return out;
  }

  Outcome<Statement> control(Kind kind, std::string_view name) {
    if (loops_ == 0) return wrong(cat("'", name, "' outside of a loop"));
    Statement out = make(kind);
    NACRE_TRY(close_tag());
    return out;
  }
  Outcome<Statement> leave() { return control(Kind::leave, "break"); }
  Outcome<Statement> skip() { return control(Kind::skip, "continue"); }

  int loops_ = 0;
};

}  // namespace

Outcome<std::vector<Statement>> parse_template(std::string_view source) { return Parser(NACRE_TRY(tokenize(source))).run(); }

}  // namespace nacre::templates
