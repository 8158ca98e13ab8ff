#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tessera/core/file.h"
#include "tessera/data/dataset.h"
#include "tessera/inference/prediction.h"

namespace tessera {

/// A picture's name in COCO's files: a number where it is one, else text.
std::string coco_image_id(const std::string& name);

/// `PREFIX.segm.json` and `PREFIX.bbox.json`, as mmdet's COCO dataset writes them: a list over
/// pictures, then classes, then descending scores. Boxes are zeros; the masks are the result.
class CocoInstanceWriter {
 public:
  CocoInstanceWriter(const std::filesystem::path& prefix, std::vector<ClassInfo> classes);
  void add(const std::string& image_name, const std::vector<PredictedInstance>& instances);
  void finish();

 private:
  std::vector<ClassInfo> classes_;
  AtomicFile segm_;
  AtomicFile bbox_;
  bool first_ = true;
};

/// `PREFIX.panoptic.json` and the folder `panoptic/` of PNGs beside it, as K-Net's COCO panoptic
/// dataset writes them; also the form of test-dev submissions.
class CocoPanopticWriter {
 public:
  CocoPanopticWriter(const std::filesystem::path& prefix, std::vector<ClassInfo> classes);
  void add(const std::string& image_name, const PanopticPrediction& prediction);
  void finish();

 private:
  std::vector<ClassInfo> classes_;
  std::filesystem::path folder_;
  AtomicFile json_;
  bool first_ = true;
};

}  // namespace tessera
