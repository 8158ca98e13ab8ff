#pragma once

#include "tessera/metrics/vpq.h"

namespace tessera {

/// VPQ on VIPSeg, twice in one pass: as Video K-Net's script computes it, which never reads the
/// instances of the prediction and keeps a window that a short video has shortened; and with both
/// put right, which is what the tables show.
class VipSegVpq : public Metric {
 public:
  explicit VipSegVpq(const VpqSettings& settings) : repaired_(settings), script_(settings) {}

  /// `script_lengths`: the windows as the script has shortened them when it comes to this video.
  void begin_sequence(std::size_t order, const std::string& name, std::vector<int> script_lengths);
  void add_frame(const PairTable& pairs);

  Report report() const override;
  void merge(const Metric& other) override;
  nlohmann::json save() const override;
  static std::unique_ptr<Metric> restore(const nlohmann::json& saved);

 private:
  VideoPanopticQuality repaired_, script_;
};

}  // namespace tessera
