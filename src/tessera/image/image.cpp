#include "tessera/image/image.h"

#include <fmt/format.h>

namespace tessera {

std::string to_string(Size size) { return fmt::format("{}x{}", size.width, size.height); }

}  // namespace tessera
