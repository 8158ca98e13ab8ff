#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tessera/core/config.h"
#include "tessera/image/image.h"

namespace tessera {

/// A frame of a video that is to be predicted.
struct VideoFrame {
  std::string name;  ///< what its results are called
  int number = 0;    ///< place in time: gaps are frames that are missing
  Image picture;
};

/// Gives frames in order, false after the last. An Error names the file and the frame.
using FrameReader = std::function<bool(VideoFrame& frame)>;

/// A video that is to be predicted.
struct VideoInput {
  std::string name;        ///< of its folder of results
  std::size_t frames = 0;  ///< 0 where a video file does not say
  /// Reads from the frame of that index on.
  std::function<FrameReader(std::size_t first)> open;
};

/// The videos that `input` means: a video file, a folder of frames, a folder of such folders, or a
/// split of the dataset that the configuration validates on.
std::vector<VideoInput> find_videos(const std::string& input, const Config& config);

}  // namespace tessera
