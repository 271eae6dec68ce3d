// Statements, and what values cost.
#include "text/template/engine.h"

#include <algorithm>

#include "text/template/functions.h"
#include "text/unicode.h"

namespace nacre::templates {
namespace {

using Error = TemplateError::Kind;
using Kind = Statement::Kind;

constexpr int kMostScopes = 1000;

std::shared_ptr<Scope> below(std::shared_ptr<Scope> parent, std::vector<std::pair<std::string, Value>> variables = {}) {
  return std::make_shared<Scope>(Scope{.parent = std::move(parent), .variables = std::move(variables)});
}

TemplateError located(TemplateError error, int line) {
  if (error.line == 0) error.line = line;
  return error;
}

}  // namespace

Outcome<void> Engine::Deeper::check() const {
  if (engine_.depth_ <= engine_.limits_.depth) return {};
  return stop(Error::limit, "the template recurses deeper than ", engine_.limits_.depth);
}

Engine::InScope::InScope(Engine& engine, std::shared_ptr<Scope> scope)
    : engine_(engine), before_(std::exchange(engine.scope_, std::move(scope))) {}

Engine::InScope::~InScope() {
  if (engine_.scope_->defines_macro) engine_.kept_scopes_.push_back(engine_.scope_);
  engine_.scope_ = std::move(before_);
}

Engine::~Engine() {
  // In order: while all are held, emptying one cannot start a chain of destructors.
  for (const auto& space : namespaces_) std::vector<std::pair<std::string, Value>>().swap(space->attributes);
  for (const auto& scope : kept_scopes_) std::vector<std::pair<std::string, Value>>().swap(scope->variables);
  for (const auto& scope : kept_scopes_) scope->parent.reset();
}

Outcome<void> Engine::run(const Statements& body, std::vector<std::pair<std::string, Value>> variables) {
  const auto root = below(nullptr, std::move(variables));
  kept_scopes_.push_back(root);
  const InScope inside(*this, root);
  if (auto ran = execute(body); !ran) return std::unexpected(std::move(ran).error());
  return {};
}

// --- cost ---

Outcome<void> Engine::spend(int64_t steps) {
  steps_ += steps;
  if (steps_ <= limits_.steps) return {};
  return stop(Error::limit, "the template takes more than ", limits_.steps, " steps");
}

Outcome<void> Engine::reserve(int64_t bytes) {
  if (bytes >= 0 && bytes <= limits_.memory - memory_) return memory_ += bytes, Outcome<void>();
  return stop(Error::limit, "the template's values take more than ", limits_.memory, " bytes");
}

Outcome<Value> Engine::text(std::string text) {
  NACRE_TRY(reserve(static_cast<int64_t>(text.size()) + 64));
  NACRE_TRY(spend(static_cast<int64_t>(text.size() / 64)));
  return Value(std::move(text));
}

Outcome<Value> Engine::keep(Value value) {
  if (value.depth() > kMostNesting) return stop(Error::limit, "a value nests deeper than ", kMostNesting);
  const size_t count = value.items() ? value.items()->values.size() : value.entries() ? 5 * value.entries()->pairs.size() : 1;
  NACRE_TRY(reserve(static_cast<int64_t>(count) * 40 + 64));
  NACRE_TRY(spend(static_cast<int64_t>(count / 8)));
  return value;
}

Outcome<Value> Engine::list(std::vector<Value> items) { return keep(Value::list(std::move(items))); }
Outcome<Value> Engine::tuple(std::vector<Value> items) { return keep(Value::tuple(std::move(items))); }
Outcome<Value> Engine::dict(std::vector<std::pair<Value, Value>> entries) { return keep(Value::dict(std::move(entries))); }

Outcome<std::string> Engine::print(const Value& value) {
  NACRE_TRY(spend(value.weight()));
  return text_of(value);
}

Outcome<std::string> Engine::represent(const Value& value) {
  NACRE_TRY(spend(value.weight()));
  return representation(value);
}

Outcome<bool> Engine::same(const Value& a, const Value& b) {
  NACRE_TRY(spend(std::min(a.weight(), b.weight())));
  return equal(a, b);
}

Outcome<int> Engine::order(const Value& a, const Value& b) {
  NACRE_TRY(spend(std::min(a.weight(), b.weight())));
  return compare(a, b);
}

Value Engine::make_namespace(std::vector<std::pair<std::string, Value>> attributes) {
  auto space = std::make_shared<Namespace>(Namespace{std::move(attributes)});
  namespaces_.push_back(space);
  return Value(std::move(space));
}

// --- statements ---

Outcome<void> Engine::write(std::string_view text) {
  if (out_->size() + text.size() > static_cast<size_t>(limits_.output))
    return stop(Error::limit, "the template writes more than ", limits_.output, " bytes");
  NACRE_TRY(spend(static_cast<int64_t>(text.size() / 64)));
  if (out_ != &root_) NACRE_TRY(reserve(static_cast<int64_t>(text.size())));
  out_->append(text);
  return {};
}

Outcome<Flow> Engine::execute(const Statements& body) {
  const Deeper deeper(*this);
  NACRE_TRY(deeper.check());
  for (const Statement& statement : body) {
    Outcome<Flow> flow = spend(1) ? execute(statement) : Outcome<Flow>(std::unexpected(spend(0).error()));
    if (!flow) return std::unexpected(located(std::move(flow).error(), statement.line));
    if (*flow != Flow::next) return flow;
  }
  return Flow::next;
}

Outcome<Flow> Engine::execute(const Statement& statement) {
  switch (statement.kind) {
    case Kind::text: NACRE_TRY(write(statement.text)); break;
    case Kind::print: NACRE_TRY(write(NACRE_TRY(print(NACRE_TRY(evaluate(*statement.expression)))))); break;
    case Kind::condition: return condition(statement);
    case Kind::loop: return loop(statement);
    case Kind::assign: NACRE_TRY(assign(*statement.target, NACRE_TRY(evaluate(*statement.expression)))); break;
    case Kind::assign_block: return assign_block(statement);
    case Kind::macro: NACRE_TRY(define_macro(statement)); break;
    case Kind::call_block: return call_block(statement);
    case Kind::filter_block: return filter_block(statement);
    case Kind::with_block: return with_block(statement);
    case Kind::generation: return generation(statement);
    case Kind::scope: {
      const InScope inside(*this, below(scope_));
      return execute(statement.children);
    }
    case Kind::leave: return Flow::leave;
    case Kind::skip: return Flow::skip;
  }
  return Flow::next;
}

Outcome<std::string> Engine::capture(const Statements& body, Flow& flow) {
  std::string captured;
  std::string* const before = std::exchange(out_, &captured);
  Outcome<Flow> ran = execute(body);
  out_ = before;
  flow = NACRE_TRY(std::move(ran));
  return captured;
}

Outcome<Flow> Engine::condition(const Statement& statement) {
  for (const Statement::Branch& branch : statement.branches)
    if (NACRE_TRY(evaluate(*branch.test)).truth()) return execute(branch.children);
  return execute(statement.otherwise);
}

Outcome<Flow> Engine::loop(const Statement& statement) {
  const Value iterable = NACRE_TRY(evaluate(*statement.expression));
  return run_loop(statement, scope_, iterable, 1);
}

Outcome<std::vector<Value>> Engine::selected(const Statement& statement, const std::shared_ptr<Scope>& outer, std::vector<Value> items) {
  if (!statement.test) return items;
  std::vector<Value> out;
  for (Value& item : items) {
    const InScope inside(*this, below(outer));
    NACRE_TRY(assign(*statement.target, item));
    if (NACRE_TRY(evaluate(*statement.test)).truth()) out.push_back(std::move(item));
  }
  return out;
}

Outcome<Flow> Engine::run_loop(const Statement& statement, const std::shared_ptr<Scope>& outer, const Value& iterable, int depth) {
  auto state = std::make_shared<Loop>();
  state->statement = &statement, state->scope = outer, state->depth = depth;
  state->items = NACRE_TRY(selected(statement, outer, NACRE_TRY(iterate(iterable))));
  for (const Value& item : state->items) state->depth_of_items = std::max(state->depth_of_items, item.depth());
  const Value loop = NACRE_TRY(keep(Value(state)));
  for (; state->index < state->items.size(); ++state->index) {
    const InScope inside(*this, below(outer, {{"loop", loop}}));
    NACRE_TRY(spend(1));
    NACRE_TRY(assign(*statement.target, state->items[state->index]));
    if (NACRE_TRY(execute(statement.children)) == Flow::leave) return Flow::next;
  }
  if (!state->items.empty() || statement.otherwise.empty()) return Flow::next;
  const InScope inside(*this, below(outer));
  return execute(statement.otherwise);
}

Outcome<void> Engine::assign(const Expression& target, const Value& value) {
  if (target.kind == Expression::Kind::name) return scope_->set(target.name, value), Outcome<void>();
  if (target.kind == Expression::Kind::attribute) {
    const auto space = NACRE_TRY(evaluate(*target.parts[0])).object<Namespace>();
    if (!space) return stop(Error::raised, "cannot assign attribute on non-namespace object");
    for (auto& [name, held] : space->attributes)
      if (name == target.name) return held = value, Outcome<void>();
    NACRE_TRY(reserve(96));
    return space->attributes.emplace_back(target.name, value), Outcome<void>();
  }
  const std::vector<Value> values = NACRE_TRY(iterate(value));
  if (values.size() != target.parts.size())
    return stop(Error::other, values.size() > target.parts.size() ? "too many" : "not enough", " values to unpack (expected ",
                target.parts.size(), ", got ", values.size(), ")");
  for (size_t i = 0; i < values.size(); ++i) NACRE_TRY(assign(*target.parts[i], values[i]));
  return {};
}

Outcome<Flow> Engine::assign_block(const Statement& statement) {
  Flow flow = Flow::next;
  std::string captured;
  {
    const InScope inside(*this, below(scope_));
    captured = NACRE_TRY(capture(statement.children, flow));
  }
  Value value = NACRE_TRY(text(std::move(captured)));
  if (statement.expression) {
    const Value before = std::exchange(filtered_, value);
    Outcome<Value> result = evaluate(*statement.expression);
    filtered_ = before;
    value = NACRE_TRY(std::move(result));
  }
  NACRE_TRY(assign(*statement.target, value));
  return flow;
}

Outcome<void> Engine::define_macro(const Statement& statement) {
  scope_->defines_macro = true;
  scope_->set(statement.name, Value(std::make_shared<const Macro>(Macro{&statement, scope_, statement.name})));
  return {};
}

Outcome<Flow> Engine::call_block(const Statement& statement) {
  scope_->defines_macro = true;
  const Expression& expression = *statement.expression;
  const Value callee = NACRE_TRY(evaluate(*expression.parts[0]));
  Arguments arguments = NACRE_TRY(arguments_of(expression));
  arguments.named.emplace_back("caller", Value(std::make_shared<const Macro>(Macro{&statement, scope_, statement.name})));
  NACRE_TRY(write(NACRE_TRY(print(NACRE_TRY(call(callee, arguments))))));
  return Flow::next;
}

Outcome<Flow> Engine::filter_block(const Statement& statement) {
  Flow flow = Flow::next;
  std::string captured;
  {
    const InScope inside(*this, below(scope_));
    captured = NACRE_TRY(capture(statement.children, flow));
  }
  const Value before = std::exchange(filtered_, NACRE_TRY(text(std::move(captured))));
  Outcome<Value> result = evaluate(*statement.expression);
  filtered_ = before;
  NACRE_TRY(write(NACRE_TRY(print(NACRE_TRY(std::move(result))))));
  return flow;
}

Outcome<Flow> Engine::with_block(const Statement& statement) {
  std::vector<Value> values;  // all of them in the scope around
  for (const Statement::Parameter& each : statement.parameters) values.push_back(NACRE_TRY(evaluate(*each.value)));
  const InScope inside(*this, below(scope_));
  for (size_t i = 0; i < values.size(); ++i) NACRE_TRY(assign(*statement.parameters[i].target, values[i]));
  return execute(statement.children);
}

size_t Engine::characters_written() {
  counted_characters_ += count_codes(std::string_view(root_).substr(counted_bytes_));
  counted_bytes_ = root_.size();
  return counted_characters_;
}

Outcome<Flow> Engine::generation(const Statement& statement) {
  const InScope inside(*this, below(scope_));
  if (out_ != &root_) return execute(statement.children);  // where the text will stand is not known
  const size_t begin = characters_written();
  const Flow flow = NACRE_TRY(execute(statement.children));
  NACRE_TRY(reserve(16));
  generated_.emplace_back(begin, characters_written());
  return flow;
}

// --- macros ---

Outcome<void> Engine::bind(const Macro& macro, const Arguments& arguments, const std::shared_ptr<Scope>& scope) {
  const Statement& definition = *macro.definition;
  const std::vector<Statement::Parameter>& parameters = definition.parameters;
  std::vector<bool> used(arguments.named.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].target->name;
    const Value* given = i < arguments.positional.size() ? &arguments.positional[i] : nullptr;
    for (size_t n = 0; n < arguments.named.size(); ++n) {
      if (arguments.named[n].first != name) continue;
      if (given) return stop(Error::other, "macro '", macro.name, "' got multiple values for argument '", name, "'");
      given = &arguments.named[n].second, used[n] = true;
    }
    if (given)
      scope->set(name, *given);
    else
      scope->set(name, parameters[i].value ? NACRE_TRY(evaluate(*parameters[i].value))
                                           : Value::undefined(cat("parameter '", name, "' was not provided")));
  }
  std::vector<Value> rest;
  for (size_t i = parameters.size(); i < arguments.positional.size(); ++i) rest.push_back(arguments.positional[i]);
  std::vector<std::pair<Value, Value>> others;
  for (size_t n = 0; n < arguments.named.size(); ++n) {
    if (used[n]) continue;
    const auto& [name, value] = arguments.named[n];
    if (name == "caller" && definition.uses_caller)
      scope->set("caller", value);
    else
      others.emplace_back(Value(name), value);
  }
  if (!others.empty() && !definition.uses_kwargs)
    return stop(Error::other, "macro '", macro.name, "' takes no keyword argument '", *others[0].first.text(), "'");
  if (!rest.empty() && !definition.uses_varargs)
    return stop(Error::other, "macro '", macro.name, "' takes not more than ", parameters.size(), " argument(s)");
  if (definition.uses_caller && !arguments.find(SIZE_MAX, "caller") && definition.kind == Kind::macro)
    scope->set("caller", Value::undefined("No caller defined"));
  if (definition.uses_varargs) scope->set("varargs", NACRE_TRY(tuple(std::move(rest))));
  if (definition.uses_kwargs) scope->set("kwargs", NACRE_TRY(dict(std::move(others))));
  return {};
}

Outcome<Value> Engine::call_macro(const Macro& macro, const Arguments& arguments) {
  const InScope inside(*this, below(macro.scope));
  if (scope_->level > kMostScopes) return stop(Error::limit, "macros are defined deeper than ", kMostScopes, " within each other");
  NACRE_TRY(bind(macro, arguments, scope_));
  Flow flow = Flow::next;
  return text(NACRE_TRY(capture(macro.definition->children, flow)));
}

Outcome<Value> Engine::call_loop(Loop& loop, const Arguments& arguments) {
  if (!loop.statement->recursive) return stop(Error::other, "The loop must have the 'recursive' marker to be called recursively.");
  if (arguments.positional.size() != 1) return stop(Error::other, "loop() takes one argument, got ", arguments.positional.size());
  const std::shared_ptr<Scope> scope = loop.scope.lock();
  if (!scope) return stop(Error::other, "loop() is called behind its loop");
  std::string captured;
  std::string* const before = std::exchange(out_, &captured);
  const Outcome<Flow> ran = run_loop(*loop.statement, scope, arguments.positional[0], loop.depth + 1);
  out_ = before;
  if (!ran) return std::unexpected(ran.error());
  return text(std::move(captured));
}

Outcome<Value> Engine::call(const Value& callee, const Arguments& arguments) {
  const Deeper deeper(*this);
  NACRE_TRY(deeper.check());
  NACRE_TRY(spend(1));
  if (callee.error()) return std::unexpected(*callee.error());
  if (const auto macro = callee.object<const Macro>()) return call_macro(*macro, arguments);
  if (const auto loop = callee.object<Loop>()) return call_loop(*loop, arguments);
  if (const auto function = callee.object<const Function>()) return function->row->call(*this, function->self, arguments);
  if (const auto cycler = callee.object<Cycler>(); cycler && cycler->joins) return cycler->position++ == 0 ? Value("") : cycler->items[0];
  return stop(Error::other, "'", callee.type_name(), "' object is not callable");
}

}  // namespace nacre::templates
