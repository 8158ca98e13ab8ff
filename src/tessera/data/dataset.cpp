#include "tessera/data/dataset.h"

namespace tessera {

Dataset::~Dataset() = default;

}  // namespace tessera
