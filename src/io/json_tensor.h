// Tensors as nested JSON lists, and back.
//
//     {"input_ids": [[101, 7592, 102]], "mask": [[true, true, false]]}
//
//     Json inputs = NACRE_TRY(parse_json(file.text()));
//     for (const auto& [name, value] : NACRE_TRY(inputs.entries()))
//       feeds.push_back({std::string(name), NACRE_TRY(tensor_from_json(value, dtype_of_input(name)))});
//     write_file("out.json", cat("{\"logits\": ", tensor_to_json(logits), "}"));
//
// NaN and infinities, which JSON lacks, are the strings "NaN", "Infinity", "-Infinity". A complex number is [re, im].
#pragma once

#include "io/json.h"

namespace nacre {

/// Elements as `dtype`; undefined: bool, int64, float32 or string, whichever the elements are. All lists of one depth must
/// have one length. Numbers that the dtype cannot hold are refused (a fraction as an integer, 300 as uint8).
Result<Tensor> tensor_from_json(const Json& json, DType dtype = DType::undefined);

/// The shortest numbers that read back as the same elements.
std::string tensor_to_json(const Tensor& tensor);

/// Lists, objects {"keys", "values"} for maps, null for empty optionals.
std::string value_to_json(const Value& value);

}  // namespace nacre
