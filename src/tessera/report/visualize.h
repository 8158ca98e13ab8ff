#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "tessera/report/panoptic_view.h"
#include "tessera/video/frame_writer.h"

namespace tessera {

struct VisualizeOptions {
  ViewOptions view;
  std::string classes = "cityscapes";  ///< a name that class_list() knows, or a classes.yaml
  /// The camera's pictures: a folder of PNGs or JPEGs named as results are, or a video file whose
  /// frames are in their order.
  std::filesystem::path images;
  VideoOptions video;
};

/// Makes a video (or a folder of pictures) of a folder of panoptic PNGs in KITTI-STEP's encoding,
/// or of a folder of such folders, one a sequence, which follow each other. Returns the number of
/// frames.
std::size_t visualize(const std::filesystem::path& results, const std::filesystem::path& out,
                      const VisualizeOptions& options);

}  // namespace tessera
