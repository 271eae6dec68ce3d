// Expressions.
#include <algorithm>

#include "text/template/engine.h"
#include "text/template/functions.h"

namespace nacre::templates {
namespace {

using Error = TemplateError::Kind;
using Kind = Expression::Kind;

}  // namespace

Outcome<Value> Engine::evaluate(const Expression& node) {
  const Deeper deeper(*this);
  NACRE_TRY(deeper.check());
  NACRE_TRY(spend(1));
  return dispatch(node);
}

Outcome<Value> Engine::dispatch(const Expression& node) {
  switch (node.kind) {
    case Kind::constant: return node.value;
    case Kind::name: return name(node);
    case Kind::list: return list(NACRE_TRY(all(node.parts)));
    case Kind::tuple: return tuple(NACRE_TRY(all(node.parts)));
    case Kind::dict: return dict_of(node);
    case Kind::attribute: return attribute(NACRE_TRY(evaluate(*node.parts[0])), node.name);
    case Kind::item: return subscript(node);
    case Kind::slice: return stop(Error::other, "a slice outside of a subscript");
    case Kind::call: return call_of(node);
    case Kind::filter: return filtered(node);
    case Kind::test: {
      const Value value = NACRE_TRY(evaluate(*node.parts[0]));
      return Value(NACRE_TRY(test(node.name, value, NACRE_TRY(arguments_of(node)))));
    }
    case Kind::negation: return Value(!NACRE_TRY(evaluate(*node.parts[0])).truth());
    case Kind::minus:
    case Kind::plus: return signed_value(node);
    case Kind::arithmetic: {
      const Value left = NACRE_TRY(evaluate(*node.parts[0]));
      return arithmetic(node.name, left, NACRE_TRY(evaluate(*node.parts[1])));
    }
    case Kind::comparison: return comparison(node);
    case Kind::conjunction:
    case Kind::disjunction: {
      Value left = NACRE_TRY(evaluate(*node.parts[0]));
      return left.truth() == (node.kind == Kind::disjunction) ? std::move(left) : NACRE_TRY(evaluate(*node.parts[1]));
    }
    case Kind::concatenation: return concatenated(node);
    case Kind::conditional:
      if (NACRE_TRY(evaluate(*node.parts[0])).truth()) return evaluate(*node.parts[1]);
      if (node.parts[2]) return evaluate(*node.parts[2]);
      return Value::undefined(cat("the inline if-expression on line ", node.line, " evaluated to false and no else section was defined."));
  }
  return Value();
}

Outcome<Value> Engine::name(const Expression& node) {
  if (const Value* found = scope_->find(node.name)) return *found;
  if (const FunctionRow* row = find_global(node.name)) return Value(std::make_shared<const Function>(Function{row, Value()}));
  return Value::undefined(cat("'", node.name, "' is undefined"));
}

Outcome<std::vector<Value>> Engine::all(const std::vector<ExpressionPointer>& parts) {
  std::vector<Value> out;
  for (const ExpressionPointer& part : parts) out.push_back(NACRE_TRY(evaluate(*part)));
  return out;
}

Outcome<Value> Engine::dict_of(const Expression& node) {
  std::vector<std::pair<Value, Value>> entries;
  for (size_t i = 0; i + 1 < node.parts.size(); i += 2) {
    Value key = NACRE_TRY(evaluate(*node.parts[i]));
    if (key.entries() || (key.items() && key.items()->kind == List::Kind::list))
      return stop(Error::other, "unhashable type: '", key.type_name(), "'");
    entries.emplace_back(std::move(key), NACRE_TRY(evaluate(*node.parts[i + 1])));
  }
  return dict(std::move(entries));
}

Outcome<Arguments> Engine::arguments_of(const Expression& node) {
  Arguments out{NACRE_TRY(all(node.arguments)), {}};
  for (const auto& [name, part] : node.named) out.named.emplace_back(name, NACRE_TRY(evaluate(*part)));
  if (node.rest)
    for (Value& value : NACRE_TRY(iterate(NACRE_TRY(evaluate(*node.rest))))) out.positional.push_back(std::move(value));
  if (node.named_rest) {
    const Value rest = NACRE_TRY(evaluate(*node.named_rest));
    if (!rest.entries()) return stop(Error::other, "argument after ** must be a mapping, not ", rest.type_name());
    for (const auto& [key, value] : rest.entries()->pairs) out.named.emplace_back(text_of(key), value);
  }
  return out;
}

Outcome<Value> Engine::call_of(const Expression& node) {
  const Value callee = NACRE_TRY(evaluate(*node.parts[0]));
  if (callee.error()) return std::unexpected(*callee.error());
  return call(callee, NACRE_TRY(arguments_of(node)));
}

Outcome<Value> Engine::filtered(const Expression& node) {
  const Value value = node.parts[0] ? NACRE_TRY(evaluate(*node.parts[0])) : filtered_;
  return filter(node.name, value, NACRE_TRY(arguments_of(node)));
}

Outcome<Value> Engine::filter(std::string_view name, const Value& value, const Arguments& arguments) {
  const Deeper deeper(*this);
  NACRE_TRY(deeper.check());
  const FunctionRow* row = find_filter(name);
  if (!row) return stop(Error::raised, "No filter named '", name, "'.");
  return row->call(*this, value, arguments);
}

Outcome<bool> Engine::test(std::string_view name, const Value& value, const Arguments& arguments) {
  const FunctionRow* row = find_test(name);
  if (!row) return stop(Error::raised, "No test named '", name, "'.");
  NACRE_TRY(spend(1));
  return NACRE_TRY(row->call(*this, value, arguments)).truth();
}

Outcome<bool> Engine::compare_by(std::string_view name, const Value& a, const Value& b) {
  if (name == "==") return same(a, b);
  if (name == "!=") return !NACRE_TRY(same(a, b));
  if (name == "in") return contains(b, a);
  if (name == "not in") return !NACRE_TRY(contains(b, a));
  const int order_of = NACRE_TRY(order(a, b));
  if (name == "<") return order_of < 0;
  if (name == "<=") return order_of <= 0;
  return name == ">" ? order_of > 0 : order_of >= 0;
}

Outcome<Value> Engine::comparison(const Expression& node) {
  Value left = NACRE_TRY(evaluate(*node.parts[0]));
  for (size_t i = 0; i < node.operators.size(); ++i) {
    Value right = NACRE_TRY(evaluate(*node.parts[i + 1]));
    if (!NACRE_TRY(compare_by(node.operators[i], left, right))) return Value(false);
    left = std::move(right);
  }
  return Value(true);
}

Outcome<bool> Engine::contains(const Value& container, const Value& value) {
  if (const std::string* text = container.text()) {
    if (!value.text()) return stop(Error::other, "'in <string>' requires string as left operand, not ", value.type_name());
    NACRE_TRY(spend(static_cast<int64_t>(text->size() / 64)));
    return text->find(*value.text()) != text->npos;
  }
  if (const Dict* dict = container.entries()) return dict->find(value) != nullptr;
  if (!container.items() && !container.is_undefined() && !container.object<Loop>())
    return stop(Error::other, "argument of type '", container.type_name(), "' is not iterable");
  for (const Value& each : NACRE_TRY(iterate(container)))
    if (NACRE_TRY(same(each, value))) return true;
  return false;
}

Outcome<Value> Engine::concatenated(const Expression& node) {
  std::string out;
  for (const ExpressionPointer& part : node.parts) {
    out += NACRE_TRY(print(NACRE_TRY(evaluate(*part))));
    if (out.size() > static_cast<size_t>(limits_.memory)) return stop(Error::limit, "a text of more than ", limits_.memory, " bytes");
  }
  return text(std::move(out));
}

}  // namespace nacre::templates
