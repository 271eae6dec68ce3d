#include "ops/window.h"

namespace nacre {

Result<void> infer_window(Inference& inference) {
  const DType dtype = NACRE_TRY(dtype_attribute(inference.attributes(), "output_datatype", DType::float32));
  const std::vector<SymDim>* size = inference.values(0);
  inference.set(0, dtype, SymShape{size && size->size() == 1 ? (*size)[0] : inference.fresh()});
  return {};
}

}  // namespace nacre
