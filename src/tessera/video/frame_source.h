#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "tessera/image/image.h"

namespace tessera {

/// The frames of a video in order, wherever they come from.
class FrameSource {
 public:
  virtual ~FrameSource() = default;

  /// The next frame as 8-bit RGB, false after the last. Errors name the file and the frame.
  virtual bool next(Image& frame) = 0;

  /// What to call the frame that next() gave last: its file's stem in a folder, its number in a
  /// video.
  virtual std::string frame_name() const = 0;
  virtual Size size() const = 0;
  virtual double frames_per_second() const = 0;
  /// -1 where the container doesn't say.
  virtual std::int64_t frame_count() const = 0;
};

/// A folder of PNG and JPEG files (sorted by name), a single picture, or a video file of any kind.
/// All frames have one size. `folder_rate` is the frame rate that a folder is taken to have. Gaps
/// in the numbers of a folder's files are reported as a warning.
std::unique_ptr<FrameSource> open_frames(const std::filesystem::path& path,
                                         double folder_rate = 10);

/// A video file through FFmpeg's libraries.
std::unique_ptr<FrameSource> open_video(const std::filesystem::path& path);

}  // namespace tessera
