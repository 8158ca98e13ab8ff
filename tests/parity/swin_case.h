#pragma once

#include "manifest.h"
#include "tessera/nn/swin.h"

namespace tessera::parity {

/// A Swin backbone as mmdet's and mmseg's configurations describe it.
SwinOptions swin_options(const Json& backbone);

}  // namespace tessera::parity
