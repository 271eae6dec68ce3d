// The text at the head of an .npy file: a Python dictionary with three keys.
//
//     NpyHeader h = NACRE_TRY(parse_npy_header(bytes));    // {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
//     std::string head = npy_header("<f4", {2, 3});
//
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/result.h"

namespace nacre {

struct NpyHeader {
  enum class Text : uint8_t { none, unicode, bytes };

  DType dtype = DType::undefined;  // string when text is not none
  Text text = Text::none;
  int64_t width = 0;  // bytes of one element in the file
  bool big_endian = false;
  bool fortran_order = false;
  Shape shape;
  size_t size = 0;  // bytes before the data
};

Result<NpyHeader> parse_npy_header(std::span<const std::byte> bytes);

/// Magic, version, text and padding to a multiple of 64 bytes.
std::string npy_header(std::string_view descr, const Shape& shape);

}  // namespace nacre
