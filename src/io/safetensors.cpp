#include "io/safetensors.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include "core/checked.h"
#include "core/os/file.h"
#include "io/json.h"
#include "io/tensor_bytes.h"

namespace nacre {
namespace {

using Bytes = std::span<const std::byte>;

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kLongestHeader = 100'000'000;  // as the format's own library

struct NamedDType {
  std::string_view name;
  DType dtype;
};
constexpr NamedDType kDTypes[] = {
    {"F64", DType::float64},        {"F32", DType::float32},
    {"F16", DType::float16},        {"BF16", DType::bfloat16},
    {"I64", DType::int64},          {"I32", DType::int32},
    {"I16", DType::int16},          {"I8", DType::int8},
    {"U64", DType::uint64},         {"U32", DType::uint32},
    {"U16", DType::uint16},         {"U8", DType::uint8},
    {"BOOL", DType::boolean},       {"F8_E4M3", DType::float8e4m3fn},
    {"F8_E5M2", DType::float8e5m2}, {"F8_E8M0", DType::float8e8m0},
    {"F4", DType::float4e2m1},      {"C64", DType::complex64},
};

Result<DType> dtype_named(std::string_view name) {
  for (const NamedDType& row : kDTypes)
    if (row.name == name) return row.dtype;
  return fail(ErrorCode::unsupported, "safetensors type '", name, "' is unknown");
}

std::optional<std::string_view> name_of(DType dtype) {
  for (const NamedDType& row : kDTypes)
    if (row.dtype == dtype) return row.name;
  return std::nullopt;
}

struct Entry {
  std::string_view name;
  DType dtype;
  Shape shape;
  Range range;
};

Result<Entry> parse_entry(std::string_view name, const Json& json, int64_t size) {
  const DType dtype = NACRE_TRY(dtype_named(NACRE_TRY(json.text("dtype"))));
  Shape shape = NACRE_TRY(NACRE_TRY(json.at("shape")).integers());
  const std::vector<int64_t> offsets = NACRE_TRY(NACRE_TRY(json.at("data_offsets")).integers());
  if (offsets.size() != 2 || offsets[0] < 0 || offsets[1] < offsets[0] || offsets[1] > size)
    return fail(ErrorCode::invalid_model, "'", name, "' has data_offsets ", offsets, " in ", size, " bytes of data");
  const int64_t needed = NACRE_TRY(checked_bytes(dtype, shape)), length = offsets[1] - offsets[0];
  if (needed != length)
    return fail(ErrorCode::invalid_model, "'", name, "' is ", dtype, shape, ", which needs ", needed, " bytes, not ", length);
  return Entry{name, dtype, std::move(shape), Range{offsets[0], length}};
}

/// The format forbids overlaps and holes: nothing may hide between tensors.
Result<void> check_gapless(std::vector<const Entry*> entries, int64_t size) {
  std::ranges::sort(entries, {}, [](const Entry* e) { return std::pair(e->range.begin, e->range.length); });
  int64_t end = 0;
  for (const Entry* entry : entries) {
    if (entry->range.begin != end)
      return fail(ErrorCode::invalid_model, "'", entry->name, "' starts at ", entry->range.begin, ", the tensor before it ends at ", end);
    end += entry->range.length;
  }
  if (end != size) return fail(ErrorCode::invalid_model, "tensors take ", end, " bytes, the file has ", size, " bytes of data");
  return {};
}

Result<std::map<std::string, std::string>> parse_metadata(const Json& json) {
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : NACRE_TRY(json.entries())) out.emplace(key, NACRE_TRY(value.text()));
  return out;
}

Result<std::string_view> header_of(Bytes bytes) {
  uint64_t length = 0;
  if (bytes.size() < kLengthBytes) return fail(ErrorCode::invalid_model, "no safetensors file: ", bytes.size(), " bytes");
  std::memcpy(&length, bytes.data(), kLengthBytes);
  const size_t left = bytes.size() - kLengthBytes;
  if (length > kLongestHeader || length > left)
    return fail(ErrorCode::invalid_model, "the header is said to take ", length, " bytes, ", left, " follow and ", kLongestHeader,
                " are allowed");
  return std::string_view(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
}

Result<Safetensors> parse(Bytes bytes, const std::shared_ptr<const void>& owner) {
  const std::string_view header = NACRE_TRY(header_of(bytes));
  const Bytes data = bytes.subspan(kLengthBytes + header.size());
  const Json json = NACRE_TRY(parse_json(header));
  const auto fields = NACRE_TRY(json.entries());
  Safetensors out;
  std::vector<Entry> entries;
  for (const auto& [name, value] : fields) {
    if (name == "__metadata__")
      out.metadata = NACRE_TRY(parse_metadata(value));
    else
      entries.push_back(NACRE_TRY(parse_entry(name, value, static_cast<int64_t>(data.size()))));
  }
  std::vector<const Entry*> order;
  for (const Entry& entry : entries) order.push_back(&entry);
  NACRE_TRY(check_gapless(std::move(order), static_cast<int64_t>(data.size())));
  for (const Entry& entry : entries) {
    const Bytes stored = data.subspan(static_cast<size_t>(entry.range.begin), static_cast<size_t>(entry.range.length));
    out.tensors.emplace_back(entry.name, NACRE_TRY(tensor_from_bytes(entry.dtype, entry.shape, stored, owner)));
  }
  return out;
}

std::unexpected<Error> within(Error error, std::string_view place) {
  error.within(place);
  return std::unexpected(std::move(error));
}

Error damaged(const Error& error) {  // what the JSON reader calls a wrong argument is a damaged file here
  return Error(
      error.code() == ErrorCode::invalid_argument || error.code() == ErrorCode::not_found ? ErrorCode::invalid_model : error.code(),
      error.message(), error.hint());
}

}  // namespace

const Tensor* Safetensors::find(std::string_view name) const noexcept {
  const auto found = std::ranges::lower_bound(tensors, name, {}, [](const auto& entry) { return std::string_view(entry.first); });
  return found != tensors.end() && found->first == name ? &found->second : nullptr;
}

Result<Safetensors> parse_safetensors(Bytes bytes, std::shared_ptr<const void> owner) {
  Result<Safetensors> out = parse(bytes, owner);
  if (!out) return std::unexpected(damaged(out.error()));
  return out;
}

Result<Safetensors> load_safetensors(const std::string& path) {
  const MappedFile file = NACRE_TRY(map_file(path));
  Result<Safetensors> out = parse_safetensors(file.bytes(), file.owner());
  if (!out) return within(std::move(out).error(), path);
  return out;
}

namespace {

bool is_plain_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find_first_of(std::string_view("/\\\0", 3)) == name.npos;
}

Result<Safetensors> load_shards(const std::string& directory, const Json& index) {
  std::map<std::string, Safetensors, std::less<>> shards;
  Safetensors out;
  for (const auto& [name, value] : NACRE_TRY(NACRE_TRY(index.at("weight_map")).entries())) {
    const std::string_view shard = NACRE_TRY(value.text());
    if (!is_plain_name(shard)) return fail(ErrorCode::invalid_model, "shard '", shard, "' is not a file name");
    auto found = shards.find(shard);
    if (found == shards.end()) found = shards.emplace(shard, NACRE_TRY(load_safetensors(cat(directory, "/", shard)))).first;
    const Tensor* tensor = found->second.find(name);
    if (!tensor) return fail(ErrorCode::invalid_model, "'", name, "' is not in ", shard, ", where the index has it");
    out.tensors.emplace_back(name, *tensor);
  }
  if (!shards.empty()) out.metadata = shards.begin()->second.metadata;
  return out;
}

}  // namespace

Result<Safetensors> load_safetensors_directory(const std::string& directory) {
  const std::string path = directory + "/model.safetensors.index.json";
  if (!is_file(path)) return load_safetensors(directory + "/model.safetensors");
  const MappedFile file = NACRE_TRY(map_file(path));
  const Result<Json> index = parse_json(file.text());
  if (!index) return within(damaged(index.error()), path);
  Result<Safetensors> out = load_shards(directory, *index);
  if (!out) return within(damaged(out.error()), path);
  return out;
}

namespace {

using Named = std::pair<std::string, Tensor>;

std::string header_for(const std::vector<const Named*>& order, const std::map<std::string, std::string>& metadata) {
  std::string out = "{";
  const auto separate = [&] { out += out.size() > 1 ? "," : ""; };
  if (!metadata.empty()) {
    out += "\"__metadata__\":{";
    for (const auto& [key, value] : metadata) out += cat(out.back() == '{' ? "" : ",", json_quoted(key), ":", json_quoted(value));
    out += '}';
  }
  int64_t end = 0;
  for (const Named* entry : order) {
    const Tensor& tensor = entry->second;
    const int64_t begin = end;
    end += static_cast<int64_t>(tensor.byte_size());
    separate();
    out += cat(json_quoted(entry->first), ":{\"dtype\":\"", *name_of(tensor.dtype()), "\",\"shape\":", tensor.shape(),
               ",\"data_offsets\":[", begin, ",", end, "]}");
  }
  out += '}';
  out.resize((out.size() + 7) / 8 * 8, ' ');  // data then starts aligned
  return out;
}

/// Sorted as they will lie; fails on what the format cannot hold.
Result<std::vector<const Named*>> file_order(std::span<const Named> tensors) {
  std::vector<const Named*> order;
  std::set<std::string_view> names;
  for (const Named& entry : tensors) {
    if (!names.insert(entry.first).second) return fail(ErrorCode::invalid_argument, "two tensors are named '", entry.first, "'");
    if (!name_of(entry.second.dtype()))
      return fail(ErrorCode::unsupported, "'", entry.first, "': safetensors has no type for ", entry.second.dtype());
    order.push_back(&entry);
  }
  std::ranges::sort(order, [](const Named* a, const Named* b) {
    const size_t left = bits_of(a->second.dtype()), right = bits_of(b->second.dtype());
    return left != right ? left > right : a->first < b->first;
  });
  return order;
}

}  // namespace

Result<void> save_safetensors(const std::string& path, std::span<const Named> tensors, const std::map<std::string, std::string>& metadata) {
  const std::vector<const Named*> order = NACRE_TRY(file_order(tensors));
  const std::string header = header_for(order, metadata);
  const uint64_t length = header.size();
  FileWriter file = NACRE_TRY(FileWriter::create(path));
  NACRE_TRY(file.write(std::as_bytes(std::span(&length, 1))));
  NACRE_TRY(file.write(std::as_bytes(std::span(header))));
  for (const Named* entry : order) NACRE_TRY(file.write({static_cast<const std::byte*>(entry->second.raw()), entry->second.byte_size()}));
  return file.commit();
}

}  // namespace nacre
