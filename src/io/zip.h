// ZIP archives, stored or deflated, of any size.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
//
//     for (const ZipMember& member : NACRE_TRY(read_zip(file.bytes(), file.owner(), {}))) use(member.name, member.bytes);
//
//     ZipWriter zip(NACRE_TRY(FileWriter::create("out.npz")));
//     NACRE_TRY(zip.add("x.npy", {head, body}, false));
//     NACRE_TRY(zip.finish());
//
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/os/file.h"
#include "core/result.h"

namespace nacre {

struct ZipMember {
  std::string name;
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;  // of bytes: the archive's, or the inflated copy
};

struct ZipLimits {
  int64_t bytes = int64_t{16} << 30;  ///< of all members, uncompressed
  int64_t members = 65536;
};

/// Every member in the archive's order, checked against its checksum. Refuses encryption and other methods of compression.
Result<std::vector<ZipMember>> read_zip(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, const ZipLimits& limits);

/// Equal members give equal archives: no times are stored.
class ZipWriter {
 public:
  explicit ZipWriter(FileWriter file) : file_(std::move(file)) {}
  /// The member's content is the pieces one after the other.
  Result<void> add(const std::string& name, std::vector<std::span<const std::byte>> pieces, bool compress);
  Result<void> finish();

 private:
  FileWriter file_;
  std::string directory_;  // the central directory's bytes so far
  int64_t members_ = 0;
};

}  // namespace nacre
