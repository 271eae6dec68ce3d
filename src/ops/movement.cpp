#include "ops/movement.h"

#include <algorithm>
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

/// The dense side's axes without those of size 1, neighbours that the strided side steps over evenly merged into one.
struct Walk {
  std::vector<int64_t> sizes, steps, dense;  // outermost first; what one step moves on each side
  int64_t total = 1;

  Walk(const Shape& shape, std::span<const int64_t> given) {
    if (std::find(shape.begin(), shape.end(), 0) != shape.end()) total = 0;  // the products of the others may overflow
    for (size_t d = 0; total > 0 && d < shape.size(); ++d) {
      total *= shape[d];
      if (shape[d] == 1) continue;
      if (!sizes.empty() && steps.back() == given[d] * shape[d]) {
        sizes.back() *= shape[d], steps.back() = given[d];
      } else {
        sizes.push_back(shape[d]), steps.push_back(given[d]);
      }
    }
    if (sizes.empty()) sizes.push_back(1), steps.push_back(1);
    dense.assign(sizes.size(), 1);
    for (size_t d = sizes.size(); d-- > 1;) dense[d - 1] = dense[d] * sizes[d];
  }
};

/// Calls move(strided position, dense position) for every position of all axes but the last and `apart`.
template <class Move>
void walk(const Walk& w, int64_t base, size_t apart, Move move) {
  if (w.total == 0) return;
  const size_t last = w.sizes.size() - 1;
  std::vector<int64_t> at(last, 0);
  for (int64_t strided = base, flat = 0;;) {
    move(strided, flat);
    size_t d = last;
    while (d-- > 0) {
      if (d == apart) continue;
      strided += w.steps[d], flat += w.dense[d];
      if (++at[d] < w.sizes[d]) break;
      strided -= w.steps[d] * w.sizes[d], flat -= w.dense[d] * w.sizes[d];
      at[d] = 0;
    }
    if (d == SIZE_MAX) return;
  }
}

constexpr size_t kNone = SIZE_MAX;

/// The axis along which the strided side is contiguous, when that is not the last one: a plane of the two is transposed.
size_t plane_axis(const Walk& w) {
  const size_t last = w.sizes.size() - 1;
  if (w.steps[last] == 1 || w.steps[last] == 0) return kNone;
  for (size_t d = 0; d < last; ++d)
    if (w.steps[d] == 1 && w.sizes[d] > 1) return d;
  return kNone;
}

template <class T, bool gather>
void move_run(const T* from, T* to, int64_t strided, int64_t step, int64_t dense, int64_t count) {
  if (step == 1) {
    gather ? std::copy_n(from + strided, count, to + dense) : std::copy_n(from + dense, count, to + strided);
  } else if (gather && step == 0) {
    std::fill_n(to + dense, count, from[strided]);
  } else {
    for (int64_t i = 0; i < count; ++i)
      if constexpr (gather)
        to[dense + i] = from[strided + i * step];
      else
        to[strided + i * step] = from[dense + i];
  }
}

/// Squares of two axes, so that the lines of memory which one walks across stay in the cache until the next row needs them.
template <class T, bool gather>
void move_plane(const T* from, T* to, int64_t strided, int64_t step, int64_t dense, int64_t dense_step, int64_t columns, int64_t rows) {
  constexpr int64_t kSide = 32;
  if (columns < kSide / 2 && columns < rows) {  // few columns: each is a run
    for (int64_t column = 0; column < columns; ++column, strided += step, ++dense)
      for (int64_t r = 0; r < rows; ++r)
        if constexpr (gather)
          to[dense + r * dense_step] = from[strided + r];
        else
          to[strided + r] = from[dense + r * dense_step];
    return;
  }
  for (int64_t row = 0; row < rows; row += kSide)
    for (int64_t column = 0; column < columns; column += kSide)
      for (int64_t r = row; r < std::min(rows, row + kSide); ++r)
        move_run<T, gather>(from, to, strided + r + column * step, step, dense + r * dense_step + column,
                            std::min(kSide, columns - column));
}

// One loop for each way an element lies in memory; `gather` says which side is strided.
template <class T, bool gather>
void move_elements(const void* in, void* out, const Shape& shape, int64_t base, std::span<const int64_t> steps) {
  const T* from = static_cast<const T*>(in);
  T* to = static_cast<T*>(out);
  const Walk w(shape, steps);
  const size_t plane = plane_axis(w);
  const int64_t step = w.steps.back(), count = w.sizes.back();
  walk(w, base, plane, [&](int64_t strided, int64_t dense) {
    if (plane == kNone)
      move_run<T, gather>(from, to, strided, step, dense, count);
    else
      move_plane<T, gather>(from, to, strided, step, dense, w.dense[plane], count, w.sizes[plane]);
  });
}

template <bool gather>
void move_packed(const void* in, void* out, DType dtype, const Shape& shape, int64_t base, std::span<const int64_t> steps) {
  const uint8_t* from = static_cast<const uint8_t*>(in);
  uint8_t* to = static_cast<uint8_t*>(out);
  const int bits = packed_bits(dtype);
  const Walk w(shape, steps);
  walk(w, base, kNone, [&](int64_t strided, int64_t dense) {
    for (int64_t i = 0; i < w.sizes.back(); ++i) {
      const int64_t far = strided + i * w.steps.back(), near = dense + i;
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
