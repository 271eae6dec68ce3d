#include "io/zip.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/allocate.h"
#include "core/checked.h"

namespace nacre {
namespace {

using Bytes = std::span<const std::byte>;

constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;
constexpr size_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22, kEnd64Size = 56, kLocatorSize = 20, kLongestComment = 65535;
constexpr uint32_t kIn64 = 0xffffffff;  // the field's value is in the 64-bit extra field
constexpr int kStored = 0, kDeflated = 8;
constexpr int64_t kBestRatio = 1032;        // of deflate: what claims more lies about its size
constexpr size_t kChunk = size_t{1} << 30;  // zlib counts in 32 bits

/// Little-endian fields of a record that is known to be long enough.
template <class T>
T field(Bytes record, size_t at) {
  T out;
  std::memcpy(&out, record.data() + at, sizeof out);
  return out;
}

Result<Bytes> slice(Bytes bytes, uint64_t offset, uint64_t length, std::string_view what) {
  if (offset > bytes.size() || length > bytes.size() - offset)
    return fail(ErrorCode::invalid_model, "zip: ", what, " of ", length, " bytes at ", offset, " lies outside the file of ", bytes.size());
  return bytes.subspan(static_cast<size_t>(offset), static_cast<size_t>(length));
}

struct Directory {
  uint64_t offset = 0, size = 0, members = 0;
};

Result<size_t> find_end(Bytes file) {
  if (file.size() >= kEndSize) {
    const size_t last = file.size() - kEndSize, first = last - std::min(last, kLongestComment);
    for (size_t at = last + 1; at-- > first;)
      if (field<uint32_t>(file, at) == kEnd && at + kEndSize + field<uint16_t>(file, at + 20) == file.size()) return at;
  }
  return fail(ErrorCode::invalid_model, "zip: no end record; the file is cut off or of another kind");
}

Result<Directory> find_directory(Bytes file) {
  const size_t end = NACRE_TRY(find_end(file));
  const Bytes record = file.subspan(end);
  Directory out{field<uint32_t>(record, 16), field<uint32_t>(record, 12), field<uint16_t>(record, 10)};
  if (end < kLocatorSize || field<uint32_t>(file, end - kLocatorSize) != kEnd64Locator) return out;
  const Bytes end64 = NACRE_TRY(slice(file, field<uint64_t>(file, end - kLocatorSize + 8), kEnd64Size, "64-bit end record"));
  if (field<uint32_t>(end64, 0) != kEnd64) return fail(ErrorCode::invalid_model, "zip: the 64-bit end record is damaged");
  return Directory{field<uint64_t>(end64, 48), field<uint64_t>(end64, 40), field<uint64_t>(end64, 32)};
}

struct Entry {
  std::string name;
  uint16_t flags, method;
  uint32_t checksum;
  uint64_t packed, size, offset;
};

/// Sizes that do not fit 32 bits stand in the extra field, in this order and only as far as needed.
Result<void> read_extra64(Entry& entry, Bytes extra) {
  while (extra.size() >= 4) {
    const uint16_t id = field<uint16_t>(extra, 0), length = field<uint16_t>(extra, 2);
    Bytes body = NACRE_TRY(slice(extra, 4, length, "extra field"));
    extra = extra.subspan(4 + size_t{length});
    if (id != 1) continue;
    for (uint64_t* value : {&entry.size, &entry.packed, &entry.offset}) {
      if (*value != kIn64) continue;
      if (body.size() < 8) return fail(ErrorCode::invalid_model, "zip: '", entry.name, "' lacks its 64-bit sizes");
      *value = field<uint64_t>(body, 0);
      body = body.subspan(8);
    }
  }
  return {};
}

/// The entry at the start of the bytes, which then start at the next one.
Result<Entry> read_entry(Bytes& directory) {
  const Bytes head = NACRE_TRY(slice(directory, 0, kCentralSize, "directory entry"));
  if (field<uint32_t>(head, 0) != kCentral) return fail(ErrorCode::invalid_model, "zip: a directory entry is damaged");
  const size_t name = field<uint16_t>(head, 28), extra = field<uint16_t>(head, 30), comment = field<uint16_t>(head, 32);
  const Bytes rest = NACRE_TRY(slice(directory, kCentralSize, name + extra + comment, "directory entry"));
  Entry out{std::string(reinterpret_cast<const char*>(rest.data()), name),
            field<uint16_t>(head, 8),
            field<uint16_t>(head, 10),
            field<uint32_t>(head, 16),
            field<uint32_t>(head, 20),
            field<uint32_t>(head, 24),
            field<uint32_t>(head, 42)};
  NACRE_TRY(read_extra64(out, rest.subspan(name, extra)));
  directory = directory.subspan(kCentralSize + rest.size());
  return out;
}

uint32_t checksum_of(Bytes bytes, uint32_t start = 0) {
  return static_cast<uint32_t>(::crc32_z(start, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

/// Inflates all of `packed` into exactly `out`.
bool inflate_into(Bytes packed, std::span<std::byte> out) {
  z_stream stream{};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
  size_t in_at = 0, out_at = 0;
  int state = Z_OK;
  while (state == Z_OK) {
    const size_t in_now = std::min(packed.size() - in_at, kChunk), out_now = std::min(out.size() - out_at, kChunk);
    Bytef end;  // a valid address where nothing is left to write
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data() + in_at));
    stream.avail_in = static_cast<uInt>(in_now);
    stream.next_out = out_now ? reinterpret_cast<Bytef*>(out.data() + out_at) : &end;
    stream.avail_out = static_cast<uInt>(out_now);
    state = ::inflate(&stream, Z_NO_FLUSH);
    in_at += in_now - stream.avail_in;
    out_at += out_now - stream.avail_out;
  }
  ::inflateEnd(&stream);
  return state == Z_STREAM_END && out_at == out.size();
}

Result<ZipMember> inflated(const Entry& entry, Bytes packed) {
  if (entry.size / kBestRatio > packed.size())
    return fail(ErrorCode::invalid_model, "zip: '", entry.name, "' claims ", entry.size, " bytes out of ", packed.size());
  auto buffer = std::make_shared<Tensor>(NACRE_TRY(allocate(DType::uint8, {static_cast<int64_t>(entry.size)})));
  const std::span<std::byte> out(static_cast<std::byte*>(buffer->mutable_raw()), buffer->byte_size());
  if (!inflate_into(packed, out)) return fail(ErrorCode::invalid_model, "zip: '", entry.name, "' is damaged");
  return ZipMember{entry.name, out, std::move(buffer)};
}

Result<ZipMember> read_member(Bytes file, const std::shared_ptr<const void>& owner, const Entry& entry) {
  if (entry.flags & 1) return fail(ErrorCode::unsupported, "zip: '", entry.name, "' is encrypted");
  const Bytes head = NACRE_TRY(slice(file, entry.offset, kLocalSize, "member header"));
  if (field<uint32_t>(head, 0) != kLocal) return fail(ErrorCode::invalid_model, "zip: the header of '", entry.name, "' is damaged");
  const uint64_t start = entry.offset + kLocalSize + field<uint16_t>(head, 26) + field<uint16_t>(head, 28);
  const Bytes packed = NACRE_TRY(slice(file, start, entry.packed, cat("'", entry.name, "'")));
  if (entry.method != kStored && entry.method != kDeflated)
    return fail(ErrorCode::unsupported, "zip: '", entry.name, "' is compressed by method ", entry.method);
  if (entry.method == kStored && entry.packed != entry.size)
    return fail(ErrorCode::invalid_model, "zip: '", entry.name, "' has ", entry.packed, " bytes stored, ", entry.size, " claimed");
  ZipMember out = entry.method == kStored ? ZipMember{entry.name, packed, owner} : NACRE_TRY(inflated(entry, packed));
  if (checksum_of(out.bytes) != entry.checksum)
    return fail(ErrorCode::invalid_model, "zip: '", entry.name, "' does not match its checksum");
  return out;
}

}  // namespace

Result<std::vector<ZipMember>> read_zip(Bytes file, std::shared_ptr<const void> owner, const ZipLimits& limits) {
  const Directory directory = NACRE_TRY(find_directory(file));
  if (std::cmp_greater(directory.members, limits.members))
    return fail(ErrorCode::resource_exhausted, "zip: ", directory.members, " members, the limit is ", limits.members);
  Bytes entries = NACRE_TRY(slice(file, directory.offset, directory.size, "directory"));
  std::vector<ZipMember> out;
  uint64_t left = static_cast<uint64_t>(limits.bytes);
  for (uint64_t member = 0; member < directory.members; ++member) {
    const Entry entry = NACRE_TRY(read_entry(entries));
    if (entry.size > left) return fail(ErrorCode::resource_exhausted, "zip: members take more than ", limits.bytes, " bytes");
    left -= entry.size;
    out.push_back(NACRE_TRY(read_member(file, owner, entry)));
  }
  return out;
}

namespace {

/// A record under construction.
struct Record {
  std::string bytes;

  template <class T>
  Record& put(T value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
};

struct Packed {
  int method = kStored;
  uint32_t checksum = 0;
  uint64_t size = 0, packed = 0;
};

// Always with 64-bit sizes, as numpy does: one form for every size.
constexpr uint16_t kVersion = 45, kUtf8Names = 1 << 11, kFirstDay = 0x21;  // 1980-01-01

/// The part that local and central headers share.
void put_common(Record& record, const Packed& member, size_t name, size_t extra) {
  record.put(kVersion).put(kUtf8Names).put(static_cast<uint16_t>(member.method)).put(uint16_t{0}).put(kFirstDay);
  record.put(member.checksum).put(kIn64).put(kIn64).put(static_cast<uint16_t>(name)).put(static_cast<uint16_t>(extra));
}

std::string local_header(const std::string& name, const Packed& member) {
  Record out;
  put_common(out.put(kLocal), member, name.size(), 20);
  out.bytes += name;
  return out.put(uint16_t{1}).put(uint16_t{16}).put(member.size).put(member.packed).bytes;
}

std::string central_header(const std::string& name, const Packed& member, uint64_t offset) {
  Record out;
  put_common(out.put(kCentral).put(kVersion), member, name.size(), 28);
  out.put(uint16_t{0}).put(uint16_t{0}).put(uint16_t{0}).put(uint32_t{0}).put(kIn64);
  out.bytes += name;
  return out.put(uint16_t{1}).put(uint16_t{24}).put(member.size).put(member.packed).put(offset).bytes;
}

/// Deflated pieces, one after the other.
std::optional<std::vector<std::byte>> deflated(const std::vector<Bytes>& pieces) {
  z_stream stream{};
  if (::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) return std::nullopt;
  std::vector<std::byte> out, buffer(size_t{1} << 16);
  const auto pump = [&](Bytes in, int flush) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
    stream.avail_in = static_cast<uInt>(in.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      ::deflate(&stream, flush);
      out.insert(out.end(), buffer.begin(), buffer.end() - stream.avail_out);
    } while (stream.avail_out == 0);
  };
  for (const Bytes piece : pieces)
    for (size_t at = 0; at < piece.size(); at += kChunk) pump(piece.subspan(at, std::min(kChunk, piece.size() - at)), Z_NO_FLUSH);
  pump({}, Z_FINISH);
  ::deflateEnd(&stream);
  return out;
}

}  // namespace

Result<void> ZipWriter::add(const std::string& name, std::vector<Bytes> pieces, bool compress) {
  if (name.size() > UINT16_MAX) return fail(ErrorCode::invalid_argument, "zip: a name of ", name.size(), " bytes");
  Packed member;
  for (const Bytes piece : pieces) member.checksum = checksum_of(piece, member.checksum), member.size += piece.size();
  std::optional<std::vector<std::byte>> packed = compress ? deflated(pieces) : std::nullopt;
  if (packed) pieces = {*packed}, member.method = kDeflated;
  member.packed = packed ? packed->size() : member.size;
  const auto offset = static_cast<uint64_t>(file_.size());
  const std::string header = local_header(name, member);
  NACRE_TRY(file_.write(std::as_bytes(std::span(header))));
  for (const Bytes piece : pieces) NACRE_TRY(file_.write(piece));
  directory_ += central_header(name, member, offset);
  ++members_;
  return {};
}

Result<void> ZipWriter::finish() {
  const auto start = static_cast<uint64_t>(file_.size()), size = static_cast<uint64_t>(directory_.size()),
             members = static_cast<uint64_t>(members_);
  Record out{directory_};
  out.put(kEnd64).put(uint64_t{kEnd64Size - 12}).put(kVersion).put(kVersion).put(uint32_t{0}).put(uint32_t{0});
  out.put(members).put(members).put(size).put(start);
  out.put(kEnd64Locator).put(uint32_t{0}).put(start + size).put(uint32_t{1});
  out.put(kEnd).put(uint16_t{0}).put(uint16_t{0}).put(uint16_t{0xffff}).put(uint16_t{0xffff}).put(kIn64).put(kIn64).put(uint16_t{0});
  NACRE_TRY(file_.write(std::as_bytes(std::span(out.bytes))));
  return file_.commit();
}

}  // namespace nacre
