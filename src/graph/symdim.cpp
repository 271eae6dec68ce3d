// Normal form: a sum of terms, each an integer times a sorted product of atoms; terms sorted by the key of their product.
// An atom is a symbol or an opaque floor/ceil quotient, minimum, maximum or broadcast of two dims. Keys are their printed forms, so
// equality of dims is equality of keys.
#include "graph/symdim.h"

#include <algorithm>
#include <atomic>

#include "graph/broadcast_dim.h"

namespace nacre {
namespace {

enum class AtomKind : uint8_t { symbol, floor_div, ceil_div, min, max, broadcast };

struct Atom {
  AtomKind kind;
  std::string key;
  SymDim left, right;  // unused for symbols
};
using AtomPtr = std::shared_ptr<const Atom>;

struct Term {
  int64_t coefficient = 0;
  std::vector<AtomPtr> atoms;  // sorted by key; empty for the constant term
  std::string key;             // atoms joined by '*'
};

std::string key_of(const std::vector<AtomPtr>& atoms) {
  std::string key;
  for (const AtomPtr& atom : atoms) {
    if (!key.empty()) key += '*';
    key += atom->key;
  }
  return key;
}

}  // namespace

struct SymDim::Expression {
  std::vector<Term> terms;

  static std::vector<Term> terms_of(const SymDim& dim) {
    if (dim.expression_) return dim.expression_->terms;
    if (dim.constant_ == 0) return {};
    return {Term{dim.constant_, {}, {}}};
  }
  static SymDim of_atom(AtomPtr atom) {
    Expression out;
    std::string key = atom->key;
    out.terms.push_back({1, {std::move(atom)}, std::move(key)});
    return SymDim::wrap(std::move(out));
  }
};

namespace {

/// A dim nobody knows: what overflow turns into, and expressions that outgrow any use (a file can square a dim in every node).
SymDim unknown_dim() {
  static std::atomic<int64_t> counter{0};
  return SymDim::symbol("?beyond" + std::to_string(++counter));
}

constexpr size_t kMaxTerms = 64;
constexpr size_t kMaxKey = 1024;

bool too_large(const std::vector<Term>& terms) {
  return terms.size() > kMaxTerms || std::any_of(terms.begin(), terms.end(), [](const Term& term) { return term.key.size() > kMaxKey; });
}

/// Sorts terms, merges equal products, drops zeros. False on overflow and excess.
bool normalise(std::vector<Term>& terms) {
  std::sort(terms.begin(), terms.end(), [](const Term& a, const Term& b) { return a.key < b.key; });
  std::vector<Term> merged;
  for (Term& term : terms) {
    if (!merged.empty() && merged.back().key == term.key) {
      if (__builtin_add_overflow(merged.back().coefficient, term.coefficient, &merged.back().coefficient)) return false;
    } else {
      merged.push_back(std::move(term));
    }
  }
  std::erase_if(merged, [](const Term& term) { return term.coefficient == 0; });
  terms = std::move(merged);
  return !too_large(terms);
}

int64_t floor_quotient(int64_t a, int64_t b) { return a / b - ((a % b != 0) && ((a < 0) != (b < 0))); }
int64_t ceil_quotient(int64_t a, int64_t b) { return a / b + ((a % b != 0) && ((a < 0) == (b < 0))); }

std::optional<int64_t> apply(AtomKind kind, int64_t a, int64_t b) {
  if (kind == AtomKind::min) return std::min(a, b);
  if (kind == AtomKind::max) return std::max(a, b);
  if (b == 0 || (b == -1 && a == INT64_MIN)) return std::nullopt;
  return kind == AtomKind::floor_div ? floor_quotient(a, b) : ceil_quotient(a, b);
}

/// In parentheses when one of `marks` stands outside of any: sums around a division bar, products behind it.
std::string enclosed(const SymDim& dim, std::string_view marks) {
  std::string text = dim.text();
  int depth = 0;
  for (char letter : text) {
    depth += (letter == '(') - (letter == ')');
    if (depth == 0 && marks.find(letter) != std::string_view::npos) return "(" + text + ")";
  }
  return text;
}

SymDim combine(AtomKind kind, const SymDim& a, const SymDim& b) {
  static constexpr const char* kNames[] = {"", "floor", "ceil", "min", "max"};
  if (a.is_constant() && b.is_constant())
    if (auto value = apply(kind, *a.constant(), *b.constant())) return *value;
  const char* joint = kind == AtomKind::min || kind == AtomKind::max ? ", " : " / ";
  SymDim left = a, right = b;
  if (*joint == ',' && right.text() < left.text()) std::swap(left, right);
  std::string key = cat(kNames[int(kind)], "(", *joint == ',' ? left.text() : enclosed(left, " "), joint,
                        *joint == ',' ? right.text() : enclosed(right, " *"), ")");
  if (key.size() > kMaxKey) return unknown_dim();
  return SymDim::Expression::of_atom(std::make_shared<Atom>(Atom{kind, std::move(key), left, right}));
}

/// a / b when every term of `a` is a multiple of the one term of `b`.
std::optional<SymDim> exact_quotient(const SymDim& a, const SymDim& b) {
  std::vector<Term> numerator = SymDim::Expression::terms_of(a), denominator = SymDim::Expression::terms_of(b);
  if (denominator.size() != 1 || denominator[0].coefficient == 0) return std::nullopt;
  SymDim out = 0;
  for (const Term& term : numerator) {
    if (term.coefficient == INT64_MIN || term.coefficient % denominator[0].coefficient != 0) return std::nullopt;
    std::vector<AtomPtr> rest = term.atoms;
    for (const AtomPtr& atom : denominator[0].atoms) {
      auto found = std::find_if(rest.begin(), rest.end(), [&](const AtomPtr& x) { return x->key == atom->key; });
      if (found == rest.end()) return std::nullopt;
      rest.erase(found);
    }
    SymDim part = term.coefficient / denominator[0].coefficient;
    for (const AtomPtr& atom : rest) part = part * SymDim::Expression::of_atom(atom);
    out = out + part;
  }
  return out;
}

SymDim divide(AtomKind kind, const SymDim& a, const SymDim& b) {
  if (b.is(1)) return a;
  if (a.is_constant() && b.is_constant()) return combine(kind, a, b);
  if (auto exact = exact_quotient(a, b)) return *exact;
  return combine(kind, a, b);
}

}  // namespace

SymDim SymDim::wrap(Expression expression) {
  if (expression.terms.empty()) return 0;
  if (expression.terms.size() == 1 && expression.terms[0].atoms.empty()) return expression.terms[0].coefficient;
  SymDim out;
  out.expression_ = std::make_shared<const Expression>(std::move(expression));
  return out;
}

SymDim SymDim::symbol(std::string_view name) {
  return Expression::of_atom(std::make_shared<Atom>(Atom{AtomKind::symbol, std::string(name), {}, {}}));
}

std::optional<std::string_view> SymDim::symbol_name() const noexcept {
  if (!expression_ || expression_->terms.size() != 1) return std::nullopt;
  const Term& term = expression_->terms[0];
  if (term.coefficient != 1 || term.atoms.size() != 1 || term.atoms[0]->kind != AtomKind::symbol) return std::nullopt;
  return term.atoms[0]->key;
}

bool SymDim::operator==(const SymDim& other) const noexcept {
  if (!expression_ || !other.expression_) return !expression_ && !other.expression_ && constant_ == other.constant_;
  if (expression_ == other.expression_) return true;
  const auto& a = expression_->terms;
  const auto& b = other.expression_->terms;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Term& x, const Term& y) { return x.coefficient == y.coefficient && x.key == y.key; });
}

bool SymDim::differs(const SymDim& other) const {
  if (is_constant() && other.is_constant()) return constant_ != other.constant_;
  const SymDim difference = *this - other;
  return difference.is_constant() && difference.constant_ != 0;
}

SymDim operator+(const SymDim& a, const SymDim& b) {
  int64_t sum;
  if (a.is_constant() && b.is_constant() && !__builtin_add_overflow(a.constant_, b.constant_, &sum)) return sum;
  if (a.is(0)) return b;
  if (b.is(0)) return a;
  SymDim::Expression out{SymDim::Expression::terms_of(a)};
  for (Term& term : SymDim::Expression::terms_of(b)) out.terms.push_back(std::move(term));
  return normalise(out.terms) ? SymDim::wrap(std::move(out)) : unknown_dim();
}

SymDim operator-(const SymDim& a, const SymDim& b) { return a + b * SymDim(-1); }

SymDim operator*(const SymDim& a, const SymDim& b) {
  int64_t value;
  if (a.is_constant() && b.is_constant() && !__builtin_mul_overflow(a.constant_, b.constant_, &value)) return value;
  if (a.is(1)) return b;
  if (b.is(1)) return a;
  if (a.is(0) || b.is(0)) return 0;
  SymDim::Expression out;
  const std::vector<Term> right = SymDim::Expression::terms_of(b);
  for (const Term& x : SymDim::Expression::terms_of(a)) {
    for (const Term& y : right) {
      Term term{0, x.atoms, {}};
      if (__builtin_mul_overflow(x.coefficient, y.coefficient, &term.coefficient)) return unknown_dim();
      term.atoms.insert(term.atoms.end(), y.atoms.begin(), y.atoms.end());
      std::sort(term.atoms.begin(), term.atoms.end(), [](const AtomPtr& p, const AtomPtr& q) { return p->key < q->key; });
      term.key = key_of(term.atoms);
      out.terms.push_back(std::move(term));
    }
  }
  return normalise(out.terms) ? SymDim::wrap(std::move(out)) : unknown_dim();
}

SymDim floor_div(const SymDim& a, const SymDim& divisor) { return divide(AtomKind::floor_div, a, divisor); }
SymDim ceil_div(const SymDim& a, const SymDim& divisor) { return divide(AtomKind::ceil_div, a, divisor); }

SymDim min(const SymDim& a, const SymDim& b) {
  if (a == b) return a;
  if (const SymDim gap = a - b; gap.is_constant()) return *gap.constant() < 0 ? a : b;
  return combine(AtomKind::min, a, b);
}

SymDim max(const SymDim& a, const SymDim& b) {
  if (a == b) return a;
  if (const SymDim gap = a - b; gap.is_constant()) return *gap.constant() > 0 ? a : b;
  return combine(AtomKind::max, a, b);
}

namespace {

const Atom* only_atom(const SymDim& dim) {
  const std::vector<Term> terms = SymDim::Expression::terms_of(dim);
  return terms.size() == 1 && terms[0].coefficient == 1 && terms[0].atoms.size() == 1 ? terms[0].atoms[0].get() : nullptr;
}

void gather_operands(const SymDim& dim, std::vector<SymDim>& out) {
  const Atom* atom = only_atom(dim);
  if (!atom || atom->kind != AtomKind::broadcast) return out.push_back(dim);
  const SymDim left = atom->left, right = atom->right;
  gather_operands(left, out), gather_operands(right, out);
}

}  // namespace

// Each operand once, in order: what is broadcast with one of its operands stays as it is.
SymDim broadcast_dim(const SymDim& a, const SymDim& b) {
  if (a == b || b.is(1)) return a;
  if (a.is(1)) return b;
  if (a.is_constant()) return b.is_constant() ? unknown_dim() : a;
  if (b.is_constant()) return b;
  std::vector<SymDim> all;
  gather_operands(a, all), gather_operands(b, all);
  std::sort(all.begin(), all.end(), [](const SymDim& x, const SymDim& y) { return x.text() < y.text(); });
  all.erase(std::unique(all.begin(), all.end()), all.end());
  SymDim out = all.back();
  std::string rest = out.text();
  for (size_t i = all.size() - 1; i-- > 0;) {
    rest = cat(all[i].text(), ", ", rest);
    if (rest.size() > kMaxKey) return unknown_dim();
    out = SymDim::Expression::of_atom(std::make_shared<Atom>(Atom{AtomKind::broadcast, cat("broadcast(", rest, ")"), all[i], out}));
  }
  return out;
}

SymDim SymDim::substitute(const Bindings& bindings) const {
  if (!expression_) return *this;
  SymDim sum = 0;
  for (const Term& term : expression_->terms) {
    SymDim product = term.coefficient;
    for (const AtomPtr& atom : term.atoms) {
      if (atom->kind == AtomKind::symbol) {
        auto found = bindings.find(atom->key);
        product = product * (found == bindings.end() ? Expression::of_atom(atom) : SymDim(found->second));
      } else {
        const SymDim left = atom->left.substitute(bindings), right = atom->right.substitute(bindings);
        if (atom->kind == AtomKind::broadcast) {
          product = product * broadcast_dim(left, right);
          continue;
        }
        const bool quotient = atom->kind == AtomKind::floor_div || atom->kind == AtomKind::ceil_div;
        product = product * (quotient ? divide(atom->kind, left, right) : combine(atom->kind, left, right));
      }
    }
    sum = sum + product;
  }
  return sum;
}

std::optional<int64_t> SymDim::evaluate(const Bindings& bindings) const {
  return expression_ ? substitute(bindings).constant() : constant();
}

std::string SymDim::text() const {
  if (!expression_) return std::to_string(constant_);
  std::string out;
  // The constant term has the empty key and so comes first; people read it last.
  const auto& terms = expression_->terms;
  auto print = [&](const Term& term) {
    if (!out.empty()) out += term.coefficient < 0 ? " - " : " + ";
    std::string size = std::to_string(term.coefficient);
    if (!out.empty() && term.coefficient < 0) size.erase(0, 1);
    if (term.key.empty())
      out += size;
    else
      out += (size == "1" ? "" : size + "*") + term.key;
  };
  for (const Term& term : terms)
    if (!term.key.empty()) print(term);
  for (const Term& term : terms)
    if (term.key.empty()) print(term);
  return out;
}

std::string to_string(const SymShape& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i ? "," : "") + shape[i].text();
  return out + "]";
}

std::optional<Shape> constant_shape(const SymShape& shape) {
  Shape out;
  out.reserve(shape.size());
  for (const SymDim& dim : shape) {
    if (!dim.is_constant()) return std::nullopt;
    out.push_back(*dim.constant());
  }
  return out;
}

SymShape symbolic(std::span<const int64_t> shape) { return SymShape(shape.begin(), shape.end()); }

SymDim product(const SymShape& shape, size_t begin, size_t end) {
  SymDim out = 1;
  for (size_t i = begin; i < std::min(end, shape.size()); ++i) out = out * shape[i];
  return out;
}

}  // namespace nacre
