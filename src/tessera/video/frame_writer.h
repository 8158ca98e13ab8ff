#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "tessera/image/image.h"

namespace tessera {

struct VideoOptions {
  double frames_per_second = 10;
  int quality = 20;      ///< of H.264 (its CRF): 0 lossless, 18 hardly visible losses, 51 worst
  bool replace = false;  ///< a folder that holds something may be replaced
};

/// Takes frames and makes an MP4 (H.264), a GIF or a folder of pictures of them. The result appears
/// whole with finish(); without it nothing is left behind.
class FrameWriter {
 public:
  virtual ~FrameWriter() = default;
  /// An 8-bit RGB frame; all have the size of the first.
  virtual void write(const Image& frame) = 0;
  virtual void finish() = 0;
};

/// By the ending of `path`: .mp4, .gif, or none for a folder of numbered PNG files.
std::unique_ptr<FrameWriter> create_frame_writer(const std::filesystem::path& path,
                                                 const VideoOptions& options = {});

/// An MP4 or GIF through FFmpeg's libraries.
std::unique_ptr<FrameWriter> create_video_encoder(const std::filesystem::path& path,
                                                  const VideoOptions& options);

}  // namespace tessera
