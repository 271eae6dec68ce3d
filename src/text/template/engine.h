// Runs a parsed template, step by step within limits.
//
//     Engine engine(limits, now);
//     NACRE_TRY(engine.run(statements, variables));
//     engine.output();                 // the text
//     engine.generated();              // [begin, end) in characters of {% generation %} blocks
//
// Filters, tests and functions get the engine for what they need of it: values made within the limits, attributes, calls.
#pragma once

#include <ctime>

#include "text/template/objects.h"
#include "text/template/syntax.h"

namespace nacre::templates {

struct Limits {
  int64_t steps = 10'000'000;           ///< statements, operators, and elements that are walked
  int64_t output = int64_t{64} << 20;   ///< bytes
  int64_t memory = int64_t{512} << 20;  ///< bytes of all values that are made, freed ones included
  int depth = 600;                      ///< expressions, blocks and macros that run within each other
};

enum class Flow : uint8_t { next, leave, skip };

class Engine {
 public:
  Engine(const Limits& limits, const std::tm& now) : limits_(limits), now_(now) {}
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Outcome<void> run(const std::vector<Statement>& body, std::vector<std::pair<std::string, Value>> variables);
  std::string& output() noexcept { return root_; }
  const std::vector<std::pair<size_t, size_t>>& generated() const noexcept { return generated_; }

  // For filters, tests and functions.
  Outcome<void> spend(int64_t steps);
  Outcome<Value> text(std::string text);
  Outcome<Value> list(std::vector<Value> items);
  Outcome<Value> tuple(std::vector<Value> items);
  Outcome<Value> dict(std::vector<std::pair<Value, Value>> entries);
  /// As it is, if it may be kept: its size counts and its nesting has a limit.
  Outcome<Value> keep(Value value);
  /// Fails before `bytes` are made.
  Outcome<void> reserve(int64_t bytes);
  /// str(value), its cost paid.
  Outcome<std::string> print(const Value& value);
  Outcome<std::string> represent(const Value& value);
  Outcome<bool> same(const Value& a, const Value& b);
  Outcome<int> order(const Value& a, const Value& b);
  Outcome<std::vector<Value>> iterate(const Value& value);
  Outcome<Value> attribute(const Value& value, std::string_view name);
  Outcome<Value> item(const Value& value, const Value& key);
  /// "a.b.0", as filters take attributes; a number is an index.
  Outcome<Value> path(const Value& value, const Value& dotted);
  Outcome<Value> call(const Value& callee, const Arguments& arguments);
  Outcome<Value> filter(std::string_view name, const Value& value, const Arguments& arguments);
  Outcome<bool> test(std::string_view name, const Value& value, const Arguments& arguments);
  Outcome<bool> contains(const Value& container, const Value& value);
  Outcome<Value> arithmetic(std::string_view name, const Value& a, const Value& b);
  Value make_namespace(std::vector<std::pair<std::string, Value>> attributes);
  const std::tm& now() const noexcept { return now_; }

 private:
  using Statements = std::vector<Statement>;
  class Deeper;
  class InScope;

  Outcome<Flow> execute(const Statements& body);
  Outcome<Flow> execute(const Statement& statement);
  Outcome<void> write(std::string_view text);
  Outcome<std::string> capture(const Statements& body, Flow& flow);
  Outcome<Flow> condition(const Statement& statement);
  Outcome<Flow> loop(const Statement& statement);
  Outcome<Flow> run_loop(const Statement& statement, const std::shared_ptr<Scope>& outer, const Value& iterable, int depth);
  Outcome<std::vector<Value>> selected(const Statement& statement, const std::shared_ptr<Scope>& outer, std::vector<Value> items);
  Outcome<void> assign(const Expression& target, const Value& value);
  Outcome<Flow> assign_block(const Statement& statement);
  Outcome<void> define_macro(const Statement& statement);
  Outcome<Flow> call_block(const Statement& statement);
  Outcome<Flow> filter_block(const Statement& statement);
  Outcome<Flow> with_block(const Statement& statement);
  Outcome<Flow> generation(const Statement& statement);
  Outcome<Value> call_macro(const Macro& macro, const Arguments& arguments);
  Outcome<void> bind(const Macro& macro, const Arguments& arguments, const std::shared_ptr<Scope>& scope);
  Outcome<Value> call_loop(Loop& loop, const Arguments& arguments);
  size_t characters_written();

  Outcome<Value> evaluate(const Expression& node);
  Outcome<Value> dispatch(const Expression& node);
  Outcome<Value> name(const Expression& node);
  Outcome<std::vector<Value>> all(const std::vector<ExpressionPointer>& parts);
  Outcome<Value> dict_of(const Expression& node);
  Outcome<Value> subscript(const Expression& node);
  Outcome<Value> slice(const Value& value, const Expression& bounds);
  Outcome<Arguments> arguments_of(const Expression& node);
  Outcome<Value> call_of(const Expression& node);
  Outcome<Value> filtered(const Expression& node);
  Outcome<Value> comparison(const Expression& node);
  Outcome<bool> compare_by(std::string_view name, const Value& a, const Value& b);
  Outcome<Value> concatenated(const Expression& node);

  Outcome<Value> add(const Value& a, const Value& b);
  Outcome<Value> multiply(const Value& a, const Value& b);
  Outcome<Value> integers(std::string_view name, Integer a, Integer b);
  Outcome<Value> reals(std::string_view name, double a, double b);
  Outcome<Value> signed_value(const Expression& node);
  Outcome<Value> unknown_attribute(const Value& value, std::string_view name);

  Limits limits_;
  std::tm now_;
  int64_t steps_ = 0, memory_ = 0;
  int depth_ = 0;
  std::shared_ptr<Scope> scope_;
  std::string root_;
  std::string* out_ = &root_;
  Value filtered_;  // the text that a filter block's filters work on
  std::vector<std::pair<size_t, size_t>> generated_;
  size_t counted_bytes_ = 0, counted_characters_ = 0;
  // What may hold each other in a circle; emptied at the end.
  std::vector<std::shared_ptr<Namespace>> namespaces_;
  std::vector<std::shared_ptr<Scope>> kept_scopes_;
};

/// A guard around whatever recurses.
class Engine::Deeper {
 public:
  explicit Deeper(Engine& engine) : engine_(engine) { ++engine_.depth_; }
  ~Deeper() { --engine_.depth_; }
  Deeper(const Deeper&) = delete;
  Outcome<void> check() const;

 private:
  Engine& engine_;
};

/// Variables set in it are gone behind it.
class Engine::InScope {
 public:
  InScope(Engine& engine, std::shared_ptr<Scope> scope);
  ~InScope();
  InScope(const InScope&) = delete;

 private:
  Engine& engine_;
  std::shared_ptr<Scope> before_;
};

/// "dict object", "None": jinja2's name of a value in messages.
std::string object_name(const Value& value);

}  // namespace nacre::templates
