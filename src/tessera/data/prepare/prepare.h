#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// What the datasets' own Python scripts do once after the download, natively. Every file is
/// written under a temporary name and renamed; files that are there already are kept, so that an
/// interrupted run goes on where it stopped.
namespace tessera {

enum class Placing {
  kHardLink,  ///< no second copy on disk; source and destination must be on one file system
  kCopy,
};

struct PrepareOptions {
  std::filesystem::path source;
  std::filesystem::path destination;
  Placing placing = Placing::kHardLink;
  int threads = 1;
  std::uint64_t seed = 0;  ///< of the colours that tell objects apart (VIPSeg, Cityscapes-VPS)
};

/// KITTI tracking + kitti-step -> video_sequence/ (Video K-Net's kitti_step_prepare.py).
void prepare_kitti_step(const PrepareOptions& options);

/// labelIds, instanceIds -> labelTrainIds, instanceTrainIds, and COCO panoptic files with and
/// without train ids (cityscapesScripts). Serves Cityscapes-STEP too.
void prepare_cityscapes(const PrepareOptions& options);

/// Official annotations -> youtube_vis_<year>_<split>.json (youtubevis2coco.py).
void prepare_youtube_vis(const PrepareOptions& options);

/// imgs/, panomasks/ -> 720 rows (change2_720p.py), panomasksRGB/ and panoptic_gt_VIPSeg*.json.
void prepare_vipseg(const PrepareOptions& options);

/// The release with leftImg8bit_sequence and gtFine -> img/, img_all/, cls/, inst/
/// (fetch_city_images.py, merge_datasets.py) -> labelmap/, panoptic_inst/, panoptic_video/ and
/// panoptic_gt_*_city_vps.json (create_panoptic_labels.py, create_panoptic_video_labels.py).
void prepare_cityscapes_vps(const PrepareOptions& options);

/// COCO, PASCAL VOC, Mapillary, YouTube-VIS, DAVIS or KITTI-MOTS -> the annotation files that
/// STEm-Seg and VIShv read: coco.json, davis_train.json, ...
void prepare_stem_seg(const PrepareOptions& options);

/// By the name of the dataset ("kitti-step", ...); UsageError for one that needs no preparation.
void prepare_dataset(const std::string& name, const PrepareOptions& options);
std::vector<std::string> preparable_datasets();

}  // namespace tessera
