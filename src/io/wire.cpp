#include "io/wire.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/os/file.h"

namespace nacre::wire {

static_assert(std::endian::native == std::endian::little, "fixed fields are copied as they lie");

namespace {

const char* name_of(Type type) {
  switch (type) {
    case Type::varint: return "a varint";
    case Type::fixed64: return "8 bytes";
    case Type::bytes: return "a length and bytes";
    case Type::fixed32: return "4 bytes";
    case Type::group:
    case Type::group_end: return "a group";
  }
  return "an unknown kind";
}

bool is_last_byte(std::byte b) { return (b & std::byte{0x80}) == std::byte{0}; }

// A mapped file may have been announced as read here and there; many numbers in a row are not.
Bytes in_order(Bytes packed) {
  constexpr size_t kMany = size_t{256} << 10;
  if (packed.size() >= kMany) expect_reads(packed.data(), packed.size(), ReadOrder::forward);
  return packed;
}

}  // namespace

void Reader::reject(std::string why) {
  if (ok()) why_ = cat(message_, " field ", field_, " at byte ", cursor_ - begin_, ": ", why);
  end_ = cursor_;
}

Error Reader::error() const { return Error(ErrorCode::invalid_model, why_); }

bool Reader::next() {
  if (cursor_ == end_) return false;
  const uint64_t tag = raw_varint();
  if (!ok()) return false;
  field_ = static_cast<uint32_t>(tag >> 3);
  type_ = static_cast<Type>(tag & 7);
  if (tag >> 32) return reject("the field number is out of range"), false;
  if (field_ == 0) return reject("field number 0 does not exist"), false;
  if (type_ == Type::group || type_ == Type::group_end) return reject("groups are not used by this format"), false;
  if (type_ > Type::fixed32) return reject(cat("wire type ", tag & 7, " does not exist")), false;
  return true;
}

uint64_t Reader::raw_varint() {
  if (cursor_ != end_ && is_last_byte(*cursor_)) return static_cast<uint64_t>(*cursor_++);  // most are short
  uint64_t value = 0;
  const std::byte* p = cursor_;
  for (int shift = 0; shift < 64; shift += 7) {
    if (p == end_) return reject("the bytes end inside a number"), 0;
    value |= static_cast<uint64_t>(*p & std::byte{0x7f}) << shift;
    if (is_last_byte(*p++)) return cursor_ = p, value;
  }
  return reject("a number takes more than 10 bytes"), 0;
}

bool Reader::expect(Type type) {
  if (type_ == type) return true;
  reject(cat("expected ", name_of(type), ", found ", name_of(type_)));
  return false;
}

uint64_t Reader::varint() { return expect(Type::varint) ? raw_varint() : 0; }

Bytes Reader::take(uint64_t length) {
  const uint64_t left = static_cast<uint64_t>(end_ - cursor_);
  if (length > left) return reject(cat("needs ", length, " bytes, ", left, " are left")), Bytes{};
  const Bytes taken(cursor_, static_cast<size_t>(length));
  cursor_ += length;
  return taken;
}

Bytes Reader::bytes() {
  if (!expect(Type::bytes)) return {};
  const uint64_t length = raw_varint();
  return ok() ? take(length) : Bytes{};
}

void Reader::read(float& out) {
  if (!expect(Type::fixed32)) return;
  if (const Bytes raw = take(sizeof out); !raw.empty()) std::memcpy(&out, raw.data(), sizeof out);
}

void Reader::read(std::string_view& out) {
  const Bytes raw = bytes();
  out = {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

template <class T>
void Reader::add_varints(std::vector<T>& out) {
  if (type_ != Type::bytes) {
    const uint64_t value = varint();
    if (ok()) out.push_back(static_cast<T>(value));
    return;
  }
  const Bytes packed = in_order(bytes());
  out.reserve(out.size() + static_cast<size_t>(std::ranges::count_if(packed, is_last_byte)));
  const std::byte* const outer_end = end_;
  const std::byte* const stop = cursor_;
  cursor_ = packed.data();
  end_ = cursor_ + packed.size();
  while (cursor_ != end_) {
    const uint64_t value = raw_varint();
    if (!ok()) return;
    out.push_back(static_cast<T>(value));
  }
  cursor_ = ok() ? stop : cursor_;
  end_ = ok() ? outer_end : cursor_;
}

template <class T>
void Reader::add_fixed(std::vector<T>& out, Type type) {
  const bool packed = type_ == Type::bytes;
  if (!packed && !expect(type)) return;
  const Bytes raw = packed ? in_order(bytes()) : take(sizeof(T));
  if (raw.size() % sizeof(T) != 0) return reject(cat(raw.size(), " bytes are no whole number of ", sizeof(T), "-byte elements"));
  const size_t before = out.size();
  out.resize(before + raw.size() / sizeof(T));
  if (!raw.empty()) std::memcpy(out.data() + before, raw.data(), raw.size());
}

void Reader::add(std::vector<int64_t>& out) { add_varints(out); }
void Reader::add(std::vector<uint64_t>& out) { add_varints(out); }
void Reader::add(std::vector<int32_t>& out) { add_varints(out); }
void Reader::add(std::vector<float>& out) { add_fixed(out, Type::fixed32); }
void Reader::add(std::vector<double>& out) { add_fixed(out, Type::fixed64); }

void Reader::skip() {
  switch (type_) {
    case Type::varint: raw_varint(); break;
    case Type::fixed64: take(8); break;
    case Type::fixed32: take(4); break;
    default: bytes(); break;
  }
}

Reader::Outer Reader::enter(const char* message) {
  const Outer outer{end_, message_};
  const Bytes body = bytes();
  if (!ok()) return outer;
  if (++depth_ > kMaxDepth) reject(cat("messages nest deeper than ", kMaxDepth));
  if (++messages_ > kMaxMessages) reject(cat("more than ", kMaxMessages, " messages"));
  if (!ok()) return outer;
  cursor_ = body.data();
  end_ = cursor_ + body.size();
  message_ = message;
  return outer;
}

void Reader::leave(const Outer& outer) {
  --depth_;
  message_ = outer.message;
  if (ok()) end_ = outer.end;
}

void Writer::start_writing() {
  out_.resize(size_);
  size_ = 0;
  writing_ = true;
}

void Writer::raw(const void* data, size_t bytes) {
  if (writing_ && bytes) std::memcpy(out_.data() + size_, data, bytes);
  size_ += bytes;
}

void Writer::varint(uint64_t value) {
  std::byte bytes[10];
  size_t count = 0;
  for (; value >= 0x80; value >>= 7) bytes[count++] = static_cast<std::byte>(value | 0x80);
  bytes[count++] = static_cast<std::byte>(value);
  raw(bytes, count);
}

void Writer::put(uint32_t field, int64_t value) {
  tag(field, Type::varint);
  varint(static_cast<uint64_t>(value));
}

void Writer::put(uint32_t field, float value) {
  tag(field, Type::fixed32);
  raw(&value, sizeof value);
}

void Writer::put(uint32_t field, std::string_view value) {
  put(field, Bytes(reinterpret_cast<const std::byte*>(value.data()), value.size()));
}

void Writer::put(uint32_t field, Bytes value) {
  tag(field, Type::bytes);
  varint(value.size());
  raw(value.data(), value.size());
}

size_t Writer::open(uint32_t field) {
  tag(field, Type::bytes);
  if (writing_) return varint(lengths_[next_length_++]), 0;
  lengths_.push_back(0);
  return lengths_.size() - 1;
}

void Writer::close(size_t slot, size_t before) {
  if (writing_) return;
  lengths_[slot] = size_ - before;
  varint(lengths_[slot]);  // only counts it: while writing it comes before the body
}

template <class T>
void Writer::packed_varints(uint32_t field, std::span<const T> values) {
  if (values.empty()) return;
  nested(field, [&] {
    for (const T value : values) varint(static_cast<uint64_t>(static_cast<int64_t>(value)));  // negative int32: ten bytes, as protobuf does
  });
}

void Writer::packed(uint32_t field, std::span<const int64_t> values) { packed_varints(field, values); }
void Writer::packed(uint32_t field, std::span<const uint64_t> values) { packed_varints(field, values); }
void Writer::packed(uint32_t field, std::span<const int32_t> values) { packed_varints(field, values); }

void Writer::packed(uint32_t field, std::span<const float> values) {
  if (!values.empty()) put(field, std::as_bytes(values));
}

void Writer::packed(uint32_t field, std::span<const double> values) {
  if (!values.empty()) put(field, std::as_bytes(values));
}

}  // namespace nacre::wire
