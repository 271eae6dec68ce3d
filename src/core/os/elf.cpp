// The layout is that of elf.h, as https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html has it.
#include "core/os/elf.h"

#include "core/os/file.h"

#if defined(__linux__)
#include <elf.h>

#include <cstring>
#endif

namespace nacre {

#if defined(__linux__)
namespace {

#if defined(__x86_64__)
constexpr uint16_t kOwnMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kOwnMachine = EM_AARCH64;
#else
constexpr uint16_t kOwnMachine = EM_NONE;
#endif

std::string machine_name(uint16_t machine) {
  switch (machine) {
    case EM_X86_64: return "x86-64";
    case EM_AARCH64: return "aarch64";
    case EM_386: return "32-bit x86";
    case EM_ARM: return "32-bit ARM";
    case EM_RISCV: return "RISC-V";
    case EM_PPC64: return "PowerPC";
    case EM_S390: return "s390";
    default: return cat("machine number ", machine);
  }
}

class ElfFile {
 public:
  explicit ElfFile(const MappedFile& file) : file_(file) {}

  Result<void> check() const {
    NACRE_TRY(check_head());
    NACRE_TRY(check_table("program", header().e_phoff, header().e_phnum, header().e_phentsize, sizeof(Elf64_Phdr)));
    NACRE_TRY(check_table("section", header().e_shoff, header().e_shnum, header().e_shentsize, sizeof(Elf64_Shdr)));
    for (uint64_t i = 0; i < header().e_phnum; ++i) {
      const auto segment = read<Elf64_Phdr>(header().e_phoff + i * sizeof(Elf64_Phdr));
      if (!fits(segment.p_offset, segment.p_filesz)) return truncated(segment.p_offset, segment.p_filesz);
    }
    for (uint64_t i = 0; i < header().e_shnum; ++i) {
      const auto section = read<Elf64_Shdr>(header().e_shoff + i * sizeof(Elf64_Shdr));
      if (section.sh_type != SHT_NOBITS && !fits(section.sh_offset, section.sh_size)) return truncated(section.sh_offset, section.sh_size);
    }
    return {};
  }

 private:
  uint64_t size() const { return file_.bytes().size(); }
  bool fits(uint64_t offset, uint64_t length) const { return offset <= size() && length <= size() - offset; }

  template <class T>
  T read(uint64_t offset) const {  // the caller has seen that it fits
    T out;
    std::memcpy(&out, file_.bytes().data() + offset, sizeof out);
    return out;
  }
  Elf64_Ehdr header() const { return read<Elf64_Ehdr>(0); }

  std::unexpected<Error> truncated(uint64_t offset, uint64_t length) const {
    return fail(ErrorCode::unavailable, "\"", file_.path(), "\" is truncated: it has ", size(), " bytes and needs at least ", offset, " + ",
                length);
  }

  Result<void> check_head() const {
    if (size() < sizeof(Elf64_Ehdr) || std::memcmp(file_.bytes().data(), ELFMAG, SELFMAG) != 0)
      return fail(ErrorCode::unavailable, "\"", file_.path(), "\" is not a shared library (no ELF header in its ", size(), " bytes)");
    const Elf64_Ehdr head = header();
    if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB)
      return fail(ErrorCode::unavailable, "\"", file_.path(), "\" is not a 64-bit little-endian library");
    if (head.e_machine != kOwnMachine)
      return fail(ErrorCode::unavailable, "\"", file_.path(), "\" is for ", machine_name(head.e_machine), ", this process is ",
                  machine_name(kOwnMachine));
    if (head.e_type != ET_DYN) return fail(ErrorCode::unavailable, "\"", file_.path(), "\" is an ELF file, but no shared library");
    return {};
  }

  Result<void> check_table(std::string_view what, uint64_t offset, uint64_t count, uint64_t entry, uint64_t expected) const {
    if (count == 0) return {};
    if (entry != expected)
      return fail(ErrorCode::unavailable, "\"", file_.path(), "\" has ", what, " headers of ", entry, " bytes; they are ", expected);
    return fits(offset, count * entry) ? Result<void>() : truncated(offset, count * entry);
  }

  const MappedFile& file_;
};

}  // namespace

Result<void> check_library_file(const std::string& path) {
  const MappedFile file = NACRE_TRY(map_file(path));
  return ElfFile(file).check();
}
#else
Result<void> check_library_file(const std::string& path) {
  NACRE_TRY(map_file(path));
  return {};
}
#endif

}  // namespace nacre
