#pragma once

#include "tessera/core/random.h"
#include "tessera/image/image.h"

namespace tessera::synth {

/// What stands between the scene and the file of a car's camera.
struct CameraEffects {
  float exposure = 1;
  float shutter = 0.15f;  ///< share of a frame's time for which the shutter is open
  float noise = 0.008f;   ///< standard deviation, 1 = white
  int jpeg_quality = 90;
};

/// Motion blur along the flow, exposure, vignetting, noise, 8 bits and a JPEG round trip. `color`
/// has four channels, of which the first three are shown.
Image expose(const Pixels<float>& color, const Pixels<float>& flow, const CameraEffects& effects,
             Random random);

}  // namespace tessera::synth
