#pragma once

#include "report.h"

namespace tessera::parity {

/// The runner of a case; empty when there is none yet.
///
/// To add a family: write `Runner find_<family>_runner(const Case&)` in <family>.cpp (empty for
/// the cases that it cannot run), declare it here and name it in runners.cpp. A runner reads its
/// settings from Case::data, computes, and hands what it computed to the Report in the order of
/// the forward path.
Runner find_runner(const Case& c);

Runner find_eval_runner(const Case& c);
Runner find_knet_det_runner(const Case& c);
Runner find_knet_seg_runner(const Case& c);
Runner find_video_knet_runner(const Case& c);

// A family's parts in files of their own.
Runner find_knet_det_data_runner(const Case& c);
Runner find_knet_seg_data_runner(const Case& c);
Runner find_knet_seg_miou_runner(const Case& c);
Runner find_pix2seqd_data_runner(const Case& c);
Runner find_video_knet_data_runner(const Case& c);
Runner find_video_knet_tracking_runner(const Case& c);
Runner find_video_knet_vis_data_runner(const Case& c);
Runner find_vishv_data_runner(const Case& c);
Runner find_vpsnet_data_runner(const Case& c);

}  // namespace tessera::parity
