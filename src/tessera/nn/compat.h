#pragma once

#include <torch/types.h>

namespace tessera {

/// While it lives, convolutions and matrix products run in `type` on `device` (torch's autocast).
/// What differs between libtorch 1.13 and 2.x stands behind this header.
class Autocast {
 public:
  Autocast(torch::Device device, torch::ScalarType type, bool on);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  void set(bool on) const;

  torch::Device device_;
  bool on_;
};

}  // namespace tessera
