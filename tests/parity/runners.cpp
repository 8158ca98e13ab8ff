#include "runners.h"

#include <map>

namespace tessera::parity {

Runner find_runner(const Case& c) {
  using FindInFamily = Runner (*)(const Case&);
  static const std::map<std::string, FindInFamily> kFamilies = {
      {"eval", find_eval_runner},
      {"knet_det", find_knet_det_runner},
      {"knet_seg", find_knet_seg_runner},
      {"pix2seqd", find_pix2seqd_data_runner},
      {"video_knet", find_video_knet_runner},
      {"video_knet_vis", find_video_knet_vis_data_runner},
      {"vishv", find_vishv_data_runner},
      {"vpsnet", find_vpsnet_data_runner},
  };
  const auto family = kFamilies.find(c.family);
  return family == kFamilies.end() ? Runner() : family->second(c);
}

}  // namespace tessera::parity
