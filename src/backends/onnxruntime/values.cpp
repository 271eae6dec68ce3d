#include "backends/onnxruntime/values.h"

#include "backends/onnxruntime/messages.h"
#include "core/checked.h"

namespace nacre::onnxruntime {
namespace {

// ONNX Runtime's numbers are ONNX's up to float4e2m1; it took in the three types after that in another order.
constexpr std::pair<DType, int> kOwnNumbers[] = {{DType::uint2, 24}, {DType::int2, 25}, {DType::float8e8m0, 26}};

int number_of(DType dtype) {
  for (const auto& [own, number] : kOwnNumbers)
    if (own == dtype) return number;
  return int(dtype);
}

Result<DType> dtype_of_number(int number) {
  for (const auto& [own, theirs] : kOwnNumbers)
    if (theirs == number) return own;
  if (number <= 0 || number > int(DType::float4e2m1))
    return fail(ErrorCode::unsupported, "ONNX Runtime gave a tensor of element type ", number);
  return DType(number);
}

Handle own(const Library& library, OrtValue* value) { return library.api.own(value, kReleaseValue); }

Result<Handle> strings_to_ort(const Library& library, const Tensor& tensor) {
  OrtValue* made = nullptr;
  NACRE_TRY(library.api.call(kCreateTensorAsOrtValue, library.allocator, tensor.shape().data(), tensor.shape().size(), int(DType::string),
                             &made));
  Handle out = own(library, made);
  std::vector<const char*> texts;
  for (const std::string& text : tensor.data<std::string>()) {
    if (text.find('\0') != std::string::npos)
      return fail(ErrorCode::unsupported, "strings with a NUL byte cannot be given to ONNX Runtime");
    texts.push_back(text.c_str());
  }
  NACRE_TRY(library.api.call(kFillStringTensor, made, texts.data(), texts.size()));
  return out;
}

Result<Handle> tensor_to_ort(const Library& library, const Tensor& tensor) {
  if (tensor.dtype() == DType::string) return strings_to_ort(library, tensor);
  static char nothing[64];  // ONNX Runtime wants an address even of no elements
  void* data = tensor.size() > 0 ? const_cast<void*>(tensor.raw()) : nothing;
  OrtValue* made = nullptr;
  NACRE_TRY(library.api.call(kCreateTensorWithDataAsOrtValue, library.cpu_memory.get(), data, tensor.byte_size(), tensor.shape().data(),
                             tensor.shape().size(), number_of(tensor.dtype()), &made));
  return own(library, made);
}

Result<Handle> collect(const Library& library, const std::vector<Handle>& items, ValueKind kind) {
  std::vector<const OrtValue*> raw;
  for (const Handle& item : items) raw.push_back(item.get());
  OrtValue* made = nullptr;
  NACRE_TRY(library.api.call(kCreateValue, raw.data(), raw.size(), kind, &made));
  // The items may be views: they live as long as the whole.
  return Handle(made, [items, whole = own(library, made)](OrtValue*) {});
}

// There is no maker for an empty sequence: a model of one node makes it.
Result<Handle> empty_to_ort(const Library& library, const Fact& fact) {
  const std::string model = NACRE_TRY(empty_sequence_model(fact));
  SessionOptions* raw_options = nullptr;
  NACRE_TRY(library.api.call(kCreateSessionOptions, &raw_options));
  const auto options = library.api.own(raw_options, kReleaseSessionOptions);
  NACRE_TRY(library.api.call(kSetIntraOpNumThreads, raw_options, 1));
  Session* raw_session = nullptr;
  NACRE_TRY(library.api.call(kCreateSessionFromArray, library.env, model.data(), model.size(), raw_options, &raw_session));
  const auto session = library.api.own(raw_session, kReleaseSession);
  const char* const name = "y";
  OrtValue* made = nullptr;
  NACRE_TRY(library.api.call(kRun, raw_session, nullptr, nullptr, nullptr, size_t{0}, &name, size_t{1}, &made));
  return own(library, made);
}

Result<Handle> items_to_ort(const Library& library, const Value& value, const Fact& fact) {
  const Fact unknown;
  const Fact& element = fact.element ? *fact.element : unknown;
  if (value.kind() == Value::Kind::optional && value.items().empty())  // a run that is given one dies of SIGSEGV (1.31.1)
    return fail(ErrorCode::unsupported, "an optional without content cannot be given through ONNX Runtime's C interface");
  if (value.items().empty()) return empty_to_ort(library, fact);
  if (value.kind() == Value::Kind::optional) return to_ort(library, value.items()[0], element);
  std::vector<Handle> items;
  for (const Value& item : value.items()) items.push_back(NACRE_TRY(to_ort(library, item, element)));
  return collect(library, items, ValueKind::sequence);
}

// --- back ---

/// What a view of an output keeps: the value, and its charge.
struct Held {
  Handle value;
  MemoryBudget budget;
  int64_t bytes;
  Held(Handle kept, const MemoryBudget& charged, int64_t size) : value(std::move(kept)), budget(charged), bytes(size) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { budget.release(bytes); }
};

struct Described {
  DType dtype;
  Shape shape;
};

Result<Described> describe_ort(const Library& library, OrtValue* value) {
  TypeInfo* raw = nullptr;
  NACRE_TRY(library.api.call(kGetTensorTypeAndShape, value, &raw));
  const auto info = library.api.own(raw, kReleaseTensorTypeAndShapeInfo);
  int dtype = 0;
  size_t rank = 0;
  NACRE_TRY(library.api.call(kGetTensorElementType, raw, &dtype));
  NACRE_TRY(library.api.call(kGetDimensionsCount, raw, &rank));
  Shape shape(rank);
  NACRE_TRY(library.api.call(kGetDimensions, raw, shape.data(), rank));
  return Described{NACRE_TRY(dtype_of_number(dtype)), std::move(shape)};
}

Result<Value> strings_from_ort(const Library& library, OrtValue* value, Shape shape, MemoryBudget* budget) {
  size_t length = 0;
  NACRE_TRY(library.api.call(kGetStringTensorDataLength, value, &length));
  Tensor out = NACRE_TRY(allocate(DType::string, std::move(shape), budget));
  const size_t count = size_t(out.size());
  std::vector<char> text(length + 1);
  std::vector<size_t> begins(count + 1);
  NACRE_TRY(library.api.call(kGetStringTensorContent, value, text.data(), length, begins.data(), count));
  begins[count] = length;
  auto texts = out.mutable_data<std::string>();
  for (size_t i = 0; i < count; ++i) texts[i].assign(text.data() + begins[i], begins[i + 1] - begins[i]);
  return Value(std::move(out));
}

Result<Value> tensor_from_ort(const Library& library, Handle handle, MemoryBudget* budget) {
  Described is = NACRE_TRY(describe_ort(library, handle.get()));
  if (is.dtype == DType::string) return strings_from_ort(library, handle.get(), std::move(is.shape), budget);
  const int64_t bytes = NACRE_TRY(checked_bytes(is.dtype, is.shape));
  if (bytes == 0) return Value(NACRE_TRY(allocate(is.dtype, std::move(is.shape), budget)));
  void* data = nullptr;
  NACRE_TRY(library.api.call(kGetTensorMutableData, handle.get(), &data));
  MemoryBudget account = budget ? *budget : MemoryBudget();
  NACRE_TRY(account.charge(bytes));
  auto held = std::make_shared<const Held>(std::move(handle), account, bytes);
  return Value(Tensor::view(is.dtype, std::move(is.shape), data, size_t(bytes), std::move(held)));
}

Result<Value> item_from_ort(const Library& library, const Handle& whole, int index, const Fact& fact, MemoryBudget* budget) {
  OrtValue* item = nullptr;
  NACRE_TRY(library.api.call(kGetValue, whole.get(), index, library.allocator, &item));
  return from_ort(library, own(library, item), fact, budget);
}

Result<Value> sequence_from_ort(const Library& library, const Handle& handle, const Fact& fact, MemoryBudget* budget) {
  size_t count = 0;
  NACRE_TRY(library.api.call(kGetValueCount, handle.get(), &count));
  const Fact element = fact.element ? *fact.element : Fact();
  std::vector<Value> items;
  for (size_t i = 0; i < count; ++i) items.push_back(NACRE_TRY(item_from_ort(library, handle, int(i), element, budget)));
  return Value::sequence(std::move(items));
}

}  // namespace

Result<Handle> to_ort(const Library& library, const Value& value, const Fact& fact) {
  switch (value.kind()) {
    case Value::Kind::tensor: return tensor_to_ort(library, value.tensor());
    case Value::Kind::map:
      return collect(library, {NACRE_TRY(tensor_to_ort(library, value.keys())), NACRE_TRY(tensor_to_ort(library, value.values()))},
                     ValueKind::map);
    default: return items_to_ort(library, value, fact);
  }
}

Result<Value> from_ort(const Library& library, Handle handle, const Fact& fact, MemoryBudget* budget) {
  if (fact.kind == Fact::Kind::optional) {
    int has = 0;
    NACRE_TRY(library.api.call(kHasValue, handle.get(), &has));
    if (!has) return Value::optional();
    return Value::optional(NACRE_TRY(from_ort(library, std::move(handle), fact.element ? *fact.element : Fact(), budget)));
  }
  ValueKind kind = ValueKind::unknown;
  NACRE_TRY(library.api.call(kGetValueType, handle.get(), &kind));
  switch (kind) {
    case ValueKind::tensor: return tensor_from_ort(library, std::move(handle), budget);
    case ValueKind::sequence: return sequence_from_ort(library, handle, fact, budget);
    case ValueKind::map: {
      const Value keys = NACRE_TRY(item_from_ort(library, handle, 0, {}, budget));
      const Value values = NACRE_TRY(item_from_ort(library, handle, 1, {}, budget));
      return Value::map(keys.tensor(), values.tensor());
    }
    default: return fail(ErrorCode::unsupported, "ONNX Runtime gave a value of kind ", int(kind), ", which nothing here stands for");
  }
}

}  // namespace nacre::onnxruntime
