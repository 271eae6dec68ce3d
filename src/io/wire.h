// The protobuf wire format: a reader that copies nothing and trusts nothing, and a writer that allocates once.
// https://protobuf.dev/programming-guides/encoding/
//
//     wire::Reader in(bytes, "Point");
//     while (in.next()) {
//       if (in.field() == 1) in.read(point.x);          // varint, fixed or bytes as the target's type asks
//       else if (in.field() == 2) in.add(point.tags);   // repeated; packed or not
//       else in.skip();
//     }
//     if (!in.ok()) return std::unexpected(in.error());
//
// The first error sticks: afterwards next() is false and reads give nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace nacre::wire {

using Bytes = std::span<const std::byte>;

enum class Type : uint8_t { varint = 0, fixed64 = 1, bytes = 2, group = 3, group_end = 4, fixed32 = 5 };

inline constexpr int kMaxDepth = 64;
/// A message costs two bytes in a file and some hundred in memory: this bounds what a hostile file can make of itself.
inline constexpr int64_t kMaxMessages = int64_t{1} << 22;

class Reader {
 public:
  Reader(Bytes bytes, const char* message) : begin_(bytes.data()), cursor_(begin_), end_(begin_ + bytes.size()), message_(message) {}

  /// Moves to the next field of the current message; false at its end and after an error.
  bool next();
  uint32_t field() const noexcept { return field_; }
  Type type() const noexcept { return type_; }

  bool ok() const noexcept { return why_.empty(); }
  Error error() const;
  /// Stops reading for this reason (the first one stays).
  void reject(std::string why);

  void read(int64_t& out) { out = static_cast<int64_t>(varint()); }
  void read(int32_t& out) { out = static_cast<int32_t>(varint()); }
  void read(float& out);
  void read(std::string_view& out);
  void read(Bytes& out) { out = bytes(); }

  void add(std::vector<int64_t>& out);
  void add(std::vector<uint64_t>& out);
  void add(std::vector<int32_t>& out);
  void add(std::vector<float>& out);
  void add(std::vector<double>& out);
  void add(std::vector<std::string_view>& out) { read(out.emplace_back()); }
  void add(std::vector<Bytes>& out) { out.push_back(bytes()); }

  /// Reads the nested message at the cursor: `body()` must loop over next() as for the outer one.
  template <class Body>
  void nested(const char* message, Body&& body) {
    const Outer outer = enter(message);
    if (ok()) body();
    leave(outer);
  }
  void skip();

 private:
  struct Outer {
    const std::byte* end;
    const char* message;
  };
  Outer enter(const char* message);
  void leave(const Outer& outer);
  bool expect(Type type);
  uint64_t varint();
  uint64_t raw_varint();
  Bytes bytes();
  Bytes take(uint64_t length);
  template <class T>
  void add_varints(std::vector<T>& out);
  template <class T>
  void add_fixed(std::vector<T>& out, Type type);

  const std::byte* begin_;
  const std::byte* cursor_;
  const std::byte* end_;
  const char* message_;
  uint32_t field_ = 0;
  Type type_ = Type::varint;
  int depth_ = 0;
  int64_t messages_ = 0;
  std::string why_;
};

/// Writes twice through the same calls: first counting, then into a buffer of exactly that size.
class Writer {
 public:
  /// `write(writer)` is called twice and must do the same both times.
  template <class Write>
  static std::vector<std::byte> serialise(Write&& write) {
    Writer writer;
    write(writer);
    writer.start_writing();
    write(writer);
    return std::move(writer.out_);
  }

  /// The size that serialise() would give.
  template <class Write>
  static size_t measure(Write&& write) {
    Writer writer;
    write(writer);
    return writer.size_;
  }

  void put(uint32_t field, int64_t value);
  void put(uint32_t field, float value);
  void put(uint32_t field, std::string_view value);
  void put(uint32_t field, Bytes value);
  void packed(uint32_t field, std::span<const int64_t> values);
  void packed(uint32_t field, std::span<const uint64_t> values);
  void packed(uint32_t field, std::span<const int32_t> values);
  void packed(uint32_t field, std::span<const float> values);
  void packed(uint32_t field, std::span<const double> values);

  template <class Body>
  void nested(uint32_t field, Body&& body) {
    const size_t slot = open(field);
    const size_t before = size_;
    body();
    close(slot, before);
  }

 private:
  void start_writing();
  size_t open(uint32_t field);
  void close(size_t slot, size_t before);
  void tag(uint32_t field, Type type) { varint(uint64_t{field} << 3 | static_cast<uint64_t>(type)); }
  void varint(uint64_t value);
  void raw(const void* data, size_t bytes);
  template <class T>
  void packed_varints(uint32_t field, std::span<const T> values);

  bool writing_ = false;
  size_t size_ = 0;                // bytes so far
  std::vector<uint64_t> lengths_;  // of nested messages, in the order they open
  size_t next_length_ = 0;
  std::vector<std::byte> out_;
};

}  // namespace nacre::wire
