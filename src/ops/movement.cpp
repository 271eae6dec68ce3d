#include "ops/movement.h"

#include <cstring>

namespace nacre {
namespace {

struct Chunk16 {
  uint64_t half[2];
};

int packed_bits(DType dtype) { return static_cast<int>(bits_of(dtype)); }

unsigned get_packed(const uint8_t* bytes, int bits, int64_t i) {
  const int per_byte = 8 / bits;
  return bytes[i / per_byte] >> (i % per_byte * bits) & ((1u << bits) - 1);
}

void put_packed(uint8_t* bytes, int bits, int64_t i, unsigned value) {
  const int per_byte = 8 / bits, shift = static_cast<int>(i % per_byte) * bits;
  uint8_t& byte = bytes[i / per_byte];
  byte = static_cast<uint8_t>((byte & ~(((1u << bits) - 1) << shift)) | value << shift);
}

// Calls move(strided position, dense position) for every element, the innermost axis in a plain loop.
template <class Move>
void walk(const Shape& shape, int64_t base, std::span<const int64_t> steps, Move move) {
  int64_t total = 1;
  for (int64_t dim : shape) total *= dim;
  if (total == 0) return;
  const size_t rank = shape.size();
  const int64_t inner = rank ? shape[rank - 1] : 1, inner_step = rank ? steps[rank - 1] : 0;
  std::vector<int64_t> at(rank, 0);
  int64_t position = base;
  for (int64_t dense = 0; dense < total; dense += inner) {
    move(position, inner_step, dense, inner);
    for (size_t d = rank - (rank > 0); d-- > 0;) {
      position += steps[d];
      if (++at[d] < shape[d]) break;
      position -= steps[d] * shape[d];
      at[d] = 0;
    }
  }
}

// One loop for each way an element lies in memory; `gather` says which side is strided.
template <class T, bool gather>
void move_elements(const void* in, void* out, const Shape& shape, int64_t base, std::span<const int64_t> steps) {
  const T* from = static_cast<const T*>(in);
  T* to = static_cast<T*>(out);
  walk(shape, base, steps, [&](int64_t strided, int64_t step, int64_t dense, int64_t count) {
    if constexpr (gather) {
      for (int64_t i = 0; i < count; ++i) to[dense + i] = from[strided + i * step];
    } else {
      for (int64_t i = 0; i < count; ++i) to[strided + i * step] = from[dense + i];
    }
  });
}

template <bool gather>
void move_packed(const void* in, void* out, DType dtype, const Shape& shape, int64_t base, std::span<const int64_t> steps) {
  const uint8_t* from = static_cast<const uint8_t*>(in);
  uint8_t* to = static_cast<uint8_t*>(out);
  const int bits = packed_bits(dtype);
  walk(shape, base, steps, [&](int64_t strided, int64_t step, int64_t dense, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      const int64_t far = strided + i * step, near = dense + i;
      put_packed(to, bits, gather ? near : far, get_packed(from, bits, gather ? far : near));
    }
  });
}

// Calls f with a type of the elements' size; those in packed types and strings are moved one by one, by copy_elements.
template <class F>
bool by_size(DType dtype, F f) {
  if (dtype == DType::string || is_packed(dtype)) return false;
  switch (bits_of(dtype)) {
    case 8: f.template operator()<uint8_t>(); return true;
    case 16: f.template operator()<uint16_t>(); return true;
    case 32: f.template operator()<uint32_t>(); return true;
    case 64: f.template operator()<uint64_t>(); return true;
    case 128: f.template operator()<Chunk16>(); return true;
  }
  return false;
}

template <bool gather>
Result<void> move(const Tensor& in, Tensor& out, const Shape& shape, int64_t base, std::span<const int64_t> steps) {
  const void* from = in.raw();
  void* to = out.mutable_raw();
  const DType dtype = in.dtype();
  if (dtype == DType::string) return move_elements<std::string, gather>(from, to, shape, base, steps), Result<void>();
  if (is_packed(dtype)) return move_packed<gather>(from, to, dtype, shape, base, steps), Result<void>();
  switch (bits_of(dtype)) {
    case 8: move_elements<uint8_t, gather>(from, to, shape, base, steps); return {};
    case 16: move_elements<uint16_t, gather>(from, to, shape, base, steps); return {};
    case 32: move_elements<uint32_t, gather>(from, to, shape, base, steps); return {};
    case 64: move_elements<uint64_t, gather>(from, to, shape, base, steps); return {};
    case 128: move_elements<Chunk16, gather>(from, to, shape, base, steps); return {};
  }
  return fail(ErrorCode::unsupported, "cannot move elements of type ", dtype);
}

}  // namespace

std::vector<int64_t> row_major_strides(const Shape& shape) {
  std::vector<int64_t> out(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;) out[d - 1] = out[d] * shape[d];
  return out;
}

Result<void> copy_strided(const Tensor& in, int64_t base, std::span<const int64_t> steps, Tensor& out) {
  return move<true>(in, out, out.shape(), base, steps);
}

Result<void> scatter_strided(const Tensor& in, int64_t base, std::span<const int64_t> steps, Tensor& out) {
  return move<false>(in, out, in.shape(), base, steps);
}

void copy_elements(const Tensor& in, int64_t from, Tensor& out, int64_t to, int64_t count) {
  const DType dtype = in.dtype();
  if (dtype == DType::string) {
    const std::string* source = static_cast<const std::string*>(in.raw());
    std::string* target = static_cast<std::string*>(out.mutable_raw());
    for (int64_t i = 0; i < count; ++i) target[to + i] = source[from + i];
  } else if (is_packed(dtype)) {
    const uint8_t* source = static_cast<const uint8_t*>(in.raw());
    uint8_t* target = static_cast<uint8_t*>(out.mutable_raw());
    for (int64_t i = 0; i < count; ++i) put_packed(target, packed_bits(dtype), to + i, get_packed(source, packed_bits(dtype), from + i));
  } else if (count > 0) {
    const size_t size = bits_of(dtype) / 8;
    std::memcpy(static_cast<char*>(out.mutable_raw()) + to * size, static_cast<const char*>(in.raw()) + from * size, count * size);
  }
}

void gather_elements(const Tensor& in, int64_t from, std::span<const int64_t> places, Tensor& out, int64_t to) {
  const auto plain = [&]<class T>() {
    const T* source = static_cast<const T*>(in.raw()) + from;
    T* target = static_cast<T*>(out.mutable_raw()) + to;
    for (size_t i = 0; i < places.size(); ++i) target[i] = source[places[i]];
  };
  if (by_size(in.dtype(), plain)) return;
  for (size_t i = 0; i < places.size(); ++i) copy_elements(in, from + places[i], out, to + static_cast<int64_t>(i), 1);
}

void scatter_elements(const Tensor& in, std::span<const int64_t> places, Tensor& out) {
  const auto plain = [&]<class T>() {
    const T* source = static_cast<const T*>(in.raw());
    T* target = static_cast<T*>(out.mutable_raw());
    for (size_t i = 0; i < places.size(); ++i) target[places[i]] = source[i];
  };
  if (by_size(in.dtype(), plain)) return;
  for (size_t i = 0; i < places.size(); ++i) copy_elements(in, static_cast<int64_t>(i), out, places[i], 1);
}

}  // namespace nacre
