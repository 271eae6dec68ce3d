// A parsed template: statements and expressions as plain trees.
//
//     Statement body = ...;                       // {% for x in items %}{{ x|upper }}{% endfor %}
//     body.children[0].kind == Statement::Kind::print;
//     body.expression->kind == Expression::Kind::name;
#pragma once

#include "text/template/value.h"

namespace nacre::templates {

struct Expression;
using ExpressionPointer = std::unique_ptr<Expression>;

struct Expression {
  enum class Kind : uint8_t {
    constant,       ///< `value`
    name,           ///< `name`
    list,           ///< `parts`
    tuple,          ///< `parts`
    dict,           ///< `parts`: key, value, key, value ...
    attribute,      ///< parts[0].name
    item,           ///< parts[0][parts[1]]
    slice,          ///< start, stop, step in `parts`, null where left out; only inside an item
    call,           ///< parts[0](...)
    filter,         ///< parts[0] | name(...); parts[0] null: of a filter block
    test,           ///< parts[0] is name(...)
    negation,       ///< not parts[0]
    minus,          ///< -parts[0]
    plus,           ///< +parts[0]
    arithmetic,     ///< parts[0] `name` parts[1]
    comparison,     ///< parts[0] operators[0] parts[1] operators[1] ...
    conjunction,    ///< parts[0] and parts[1]
    disjunction,    ///< parts[0] or parts[1]
    concatenation,  ///< parts joined by ~
    conditional,    ///< parts[1] if parts[0] else parts[2], which may be null
  };
  Kind kind = Kind::constant;
  int line = 0, depth = 1;
  std::string name;
  Value value;
  std::vector<ExpressionPointer> parts;
  std::vector<std::string> operators;
  // Of calls, filters and tests.
  std::vector<ExpressionPointer> arguments;
  std::vector<std::pair<std::string, ExpressionPointer>> named;
  ExpressionPointer rest, named_rest;  ///< *rest, **named_rest
};

struct Statement {
  enum class Kind : uint8_t {
    text,          ///< `text` as it is
    print,         ///< {{ expression }}
    condition,     ///< branches, then otherwise
    loop,          ///< for target in expression if test: children, else otherwise
    assign,        ///< set target = expression
    assign_block,  ///< set target | filter: children
    macro,         ///< name(parameters): children
    call_block,    ///< call(parameters) expression: children
    filter_block,  ///< filter expression: children
    with_block,    ///< parameters with their values: children
    scope,         ///< block name: children
    generation,    ///< what the assistant says: children
    leave,         ///< break
    skip,          ///< continue
  };
  struct Branch {
    ExpressionPointer test;
    std::vector<Statement> children;
  };
  struct Parameter {
    ExpressionPointer target;
    ExpressionPointer value;  ///< null: none
  };
  Kind kind = Kind::text;
  int line = 0;
  std::string text, name;
  ExpressionPointer target, expression, test;
  std::vector<Statement> children, otherwise;
  std::vector<Branch> branches;
  std::vector<Parameter> parameters;
  bool recursive = false;
  bool uses_varargs = false, uses_kwargs = false, uses_caller = false;  ///< of a macro
};

}  // namespace nacre::templates
