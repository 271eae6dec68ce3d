// Elements that lie in a file as they do in memory.
//
//     Tensor w = NACRE_TRY(tensor_from_bytes(DType::float16, {384, 384}, file.bytes().subspan(begin, length), file.owner()));
//
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "core/result.h"

namespace nacre {

/// Views `bytes` (kept alive by `owner`) when they are 64 KiB or more, copies fewer; those that are not aligned are copied when they are
/// first read. Fails (invalid_model) when the
/// shape needs another number of bytes. Bools other than 0 and 1, undefined behaviour to read, are copied as 1.
Result<Tensor> tensor_from_bytes(DType dtype, const Shape& shape, std::span<const std::byte> bytes, std::shared_ptr<const void> owner);

}  // namespace nacre
